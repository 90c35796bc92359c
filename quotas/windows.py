"""Windows of rate limits: aligned with the calendar in UTC, half-open, in unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
MONTH: Final = "month"


class Span(NamedTuple):
    """[start, end) in seconds since 1970."""

    start: int
    end: int


def span_of(window: str, now: datetime) -> Span:
    """Return the minute, hour, day or month that holds `now`. Raises KeyError for another word.

    UTC has days of one length, so only a month needs the calendar.
    """
    if window == MONTH:
        first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        over = first.month == 12
        following = first.replace(year=first.year + over, month=1 if over else first.month + 1)
        return Span(int(first.timestamp()), int(following.timestamp()))
    length = SECONDS[window]
    start = int(now.timestamp() // length) * length
    return Span(start, start + length)


def seconds_left(end: int, now: datetime) -> int:
    """Return the whole seconds after which a window is over: at least one."""
    return max(1, end - int(now.timestamp()))
