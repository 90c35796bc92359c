"""What the four commands say when they cannot go on."""

from __future__ import annotations


class LaunchError(Exception):
    """The system cannot be started, reached or stopped.

    Its message has one line for each thing: what is wrong, and what mends it.
    """
