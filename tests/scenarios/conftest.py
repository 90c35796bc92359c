"""Scenarios run on a real clock that never moves but by the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from invoicing.verification import verify
from tests.scenarios.world import World


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """A world that must be whole when its story ends: every invariant holds."""
    yield World()

    assert [str(problem) for problem in verify()] == []
