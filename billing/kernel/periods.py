"""Billing periods: half-open stretches of time, counted from an anchor on the local clock."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Self
from zoneinfo import ZoneInfo

_SECOND: Final = timedelta(seconds=1)


class Interval(StrEnum):
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


_DAYS: Final = {Interval.DAY: 1, Interval.WEEK: 7}
_MONTHS: Final = {Interval.MONTH: 1, Interval.QUARTER: 3, Interval.YEAR: 12}


class PeriodOutOfRange(ValueError):
    """A boundary before year 1 or after year 9999."""


@dataclass(frozen=True, slots=True)
class Period:
    """The stretch from `start` up to but not including `end`, both aware and in UTC.

    It may be empty (start = end). Raises ValueError for a naive time, another zone, or an end
    before the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0) or self.end.utcoffset() != timedelta(0):
            raise ValueError("A period takes aware times in UTC")
        if self.end < self.start:
            raise ValueError("A period does not end before it starts")

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    @property
    def seconds(self) -> int:
        """Whole elapsed seconds: a local day has 82,800 or 90,000 when its clock is changed."""
        return (self.end - self.start) // _SECOND

    def overlap(self, other: "Period") -> Self | None:
        """Return the stretch that both have, or None where they have no instant in common."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return type(self)(start, end) if start < end else None


def boundary(*, anchor: datetime, zone: ZoneInfo, interval: Interval, index: int) -> datetime:
    """Return the start, in UTC, of the period `index` places after the anchor's own.

    Counted from the anchor's wall-clock time in `zone`, never from the boundary before it: the
    31st of January is followed by the 28th of February and then by the 31st of March. A local
    time that the zone skips moves forward by the gap; of one that comes twice the first counts.
    Index 0 is the anchor itself, negative ones lie before it. Raises PeriodOutOfRange, and
    ValueError for a naive anchor.

    >>> start = datetime(2025, 1, 31, 9, tzinfo=UTC)
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> str(boundary(anchor=start, zone=berlin, interval=Interval.MONTH, index=2))
    '2025-03-31 08:00:00+00:00'
    """
    wall = _wall_clock(anchor, zone)
    if index == 0:  # not by way of the wall clock: the anchor may be the second of two equal times
        return anchor.astimezone(UTC)
    try:
        moved = _moved(wall, interval, index)
        # fold=0 is the first of two equal local times, and in a gap the offset from before it,
        # which is exactly "forward by the gap".
        return moved.replace(tzinfo=zone, fold=0).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise PeriodOutOfRange("The calendar holds the years 1 to 9999") from error


def period(*, anchor: datetime, zone: ZoneInfo, interval: Interval, index: int) -> Period:
    """Return the period `index` places after the anchor's own. Raises PeriodOutOfRange.

    It is empty where a zone skipped a whole day (Samoa's 30 December 2011) and interval is DAY.
    """
    return Period(
        boundary(anchor=anchor, zone=zone, interval=interval, index=index),
        boundary(anchor=anchor, zone=zone, interval=interval, index=index + 1),
    )


def index_of(*, anchor: datetime, zone: ZoneInfo, interval: Interval, instant: datetime) -> int:
    """Return the index of the period that holds `instant`; negative before the anchor.

    Raises PeriodOutOfRange.
    """

    def starts(index: int) -> datetime:
        return boundary(anchor=anchor, zone=zone, interval=interval, index=index)

    # The calendar's distance is off by one at most, through days kept and clocks changed.
    index = _distance(_wall_clock(anchor, zone), _wall_clock(instant, zone), interval)
    while starts(index) > instant:
        index -= 1
    while starts(index + 1) <= instant:
        index += 1
    return index


def period_at(*, anchor: datetime, zone: ZoneInfo, interval: Interval, instant: datetime) -> Period:
    """Return the period that holds `instant`. Raises PeriodOutOfRange."""
    index = index_of(anchor=anchor, zone=zone, interval=interval, instant=instant)
    return period(anchor=anchor, zone=zone, interval=interval, index=index)


def _wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError("A period is counted from an aware time")
    try:
        return instant.astimezone(zone).replace(tzinfo=None)
    except OverflowError as error:
        raise PeriodOutOfRange("The calendar holds the years 1 to 9999") from error


def _moved(wall: datetime, interval: Interval, index: int) -> datetime:
    if interval in _DAYS:
        return wall + timedelta(days=_DAYS[interval] * index)
    months = wall.year * 12 + wall.month - 1 + _MONTHS[interval] * index
    year, month = months // 12, months % 12 + 1
    return wall.replace(year=year, month=month, day=min(wall.day, monthrange(year, month)[1]))


def _distance(start: datetime, end: datetime, interval: Interval) -> int:
    if interval in _DAYS:
        return (end.date() - start.date()).days // _DAYS[interval]
    return ((end.year - start.year) * 12 + end.month - start.month) // _MONTHS[interval]
