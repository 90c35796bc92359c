"""Windows: aligned, half-open, without gaps, on every calendar's edge."""

from __future__ import annotations

from calendar import timegm
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.windows import seconds_left, span_of

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2400, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WINDOWS = st.sampled_from(["minute", "hour", "day", "month"])


def unix(text: str) -> int:
    return timegm(datetime.fromisoformat(text).timetuple())


@pytest.mark.parametrize(
    ("window", "now", "start", "end"),
    [
        ("minute", "2025-06-10T12:00:00", "2025-06-10T12:00:00", "2025-06-10T12:01:00"),
        ("minute", "2025-06-10T12:00:59.999999", "2025-06-10T12:00:00", "2025-06-10T12:01:00"),
        ("hour", "2025-12-31T23:59:59", "2025-12-31T23:00:00", "2026-01-01T00:00:00"),
        ("day", "2024-02-29T00:00:00", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("day", "2025-03-30T01:30:00", "2025-03-30T00:00:00", "2025-03-31T00:00:00"),
        ("month", "2024-02-29T23:59:59", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
        ("month", "2025-02-28T23:59:59.999999", "2025-02-01T00:00:00", "2025-03-01T00:00:00"),
        ("month", "2025-12-31T12:00:00", "2025-12-01T00:00:00", "2026-01-01T00:00:00"),
        ("month", "2100-02-28T12:00:00", "2100-02-01T00:00:00", "2100-03-01T00:00:00"),
    ],
)
def test_a_window_is_aligned_with_the_calendar(window: str, now: str, start: str, end: str) -> None:
    found = span_of(window, datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert found == (unix(start), unix(end))


@given(WINDOWS, MOMENTS)
def test_a_moment_is_in_its_window_and_the_next_begins_where_it_ends(
    window: str, now: datetime
) -> None:
    start, end = span_of(window, now)

    assert start <= now.timestamp() < end
    assert span_of(window, datetime.fromtimestamp(end, UTC)).start == end
    assert span_of(window, datetime.fromtimestamp(start, UTC)) == (start, end)
    assert span_of(window, datetime.fromtimestamp(start - 1, UTC)).end == start


@given(WINDOWS, MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_the_zone_in_which_a_moment_is_told_does_not_matter(
    window: str, now: datetime, minutes: int
) -> None:
    elsewhere = now.astimezone(timezone(timedelta(minutes=minutes)))

    assert span_of(window, elsewhere) == span_of(window, now)


def test_an_unknown_window_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        span_of("week", datetime(2025, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("now", "left"),
    [("12:00:00", 60), ("12:00:00.5", 60), ("12:00:59", 1), ("12:00:59.9", 1)],
)
def test_whoever_waits_as_told_finds_the_next_window(now: str, left: int) -> None:
    moment = datetime.fromisoformat(f"2025-06-10T{now}").replace(tzinfo=UTC)
    span = span_of("minute", moment)

    waited = moment + timedelta(seconds=seconds_left(span.end, moment))

    assert seconds_left(span.end, moment) == left
    assert span_of("minute", waited).start == span.end
