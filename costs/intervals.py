"""The hours and days of a timeline: pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

HOUR: Final = timedelta(hours=1)


class Granularity(StrEnum):
    HOUR = "HOUR"
    DAY = "DAY"


LONGEST: Final = {Granularity.HOUR: timedelta(days=366), Granularity.DAY: timedelta(days=3660)}


def starts(
    start: datetime, end: datetime, granularity: Granularity, zone: ZoneInfo
) -> Iterator[datetime]:
    """Yield where the intervals of [start, end) begin, in UTC: `start`, then each new one.

    Hours are UTC's. A day is one of the zone's calendar, of 23 or 25 hours where its clock is
    changed; it begins at the first instant that has its date.
    """
    at = start
    while at < end:
        yield at
        at = _next_hour(at) if granularity is Granularity.HOUR else _next_day(at, zone)


def _next_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0) + HOUR


def _next_day(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant of the next day. Where midnight is skipped, the gap's end."""
    date = at.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime(date.year, date.month, date.day, tzinfo=zone).astimezone(UTC)
    if midnight <= at:  # the zone has skipped a whole day
        return at + timedelta(days=1)
    return midnight
