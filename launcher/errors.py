"""What the four commands say when they cannot go on."""

from __future__ import annotations


class LaunchError(Exception):
    """The system cannot be started, reached or stopped. Its message is ONE line: what, and what mends it."""
