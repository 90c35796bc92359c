"""Scenarios run on a real clock that never moves but by the API."""

from __future__ import annotations

import pytest

from tests.scenarios.world import World


@pytest.fixture
def world(db: None) -> World:
    return World()
