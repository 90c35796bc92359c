"""The sandbox for other tests: `stripe_sandbox` is a fresh one, on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stripe_sandbox.server import Sandbox


@pytest.fixture
def stripe_sandbox() -> Iterator[Sandbox]:
    """Give a running sandbox with nothing in it. A test that makes it drift fails."""
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.drifts == []
