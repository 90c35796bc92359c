"""Any sequence of consuming, giving back and moving time against a model that is plainly right."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.kernel.errors import BillingError
from quotas.consuming import Wanted, consume
from tests.quotas.scene import Team, team

START = datetime(2024, 2, 29, 23, 59, 30, tzinfo=UTC)
LIMITS = {"minute": 5, "hour": 8, "day": 9, "month": 11, "": 6}
FORMATS = {"minute": "%Y-%m-%d %H:%M", "hour": "%Y-%m-%d %H", "day": "%Y-%m-%d", "month": "%Y-%m"}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(LIMITS)),
        st.integers(-4, 7).filter(bool),
        st.booleans(),
        st.sampled_from([0, 1, 29, 30, 31, 60, 3600, 86_400, 86_400 * 29, 86_400 * 366]),
    ),
    min_size=1,
    max_size=25,
)


def expected(counts: Counter[Any], window: str, amount: int, now: datetime, *, dry: bool) -> Any:
    """Say what has to come, by the calendar's own words for a window."""
    key = (window, now.strftime(FORMATS[window]) if window else "")
    if window and amount < 0:
        return "INVALID_REQUEST"
    if amount > 0 and counts[key] + amount > LIMITS[window]:
        return "RATE_LIMIT_EXCEEDED" if window else "QUOTA_EXCEEDED"
    used = max(0, counts[key] + amount)
    if not dry:
        counts[key] = used
    return LIMITS[window] - used


def found(acme: Team, window: str, amount: int, now: datetime, *, dry: bool) -> Any:
    try:
        wanted = Wanted("s", window or "standing", amount, dry=dry)
        return consume(acme.account, wanted, now=now).remaining
    except BillingError as error:
        return error.code


@pytest.mark.django_db
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_every_answer_is_the_models(db: None, steps: list[tuple[str, int, bool, int]]) -> None:
    limits = [("s", window or "standing", value, window) for window, value in LIMITS.items()]
    acme = team(*limits, at=START)
    counts: Counter[Any] = Counter()
    now = START

    for window, amount, dry, seconds in steps:
        now += timedelta(seconds=seconds)
        right = expected(counts, window, amount, now, dry=dry)
        assert found(acme, window, amount, now, dry=dry) == right
