"""Customers on tiers, for the tests of limits."""

from __future__ import annotations

import pytest

from tests.quotas.scene import Team, team


@pytest.fixture
def acme(db: None) -> Team:
    """A customer of three on a tier with a limit of each kind, on real time."""
    return team()
