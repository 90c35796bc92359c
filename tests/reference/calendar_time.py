"""Boundaries of periods, counted from an anchor on the local clock of a zone."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
DAYS = {"DAY": 1, "WEEK": 7}


def local(instant: datetime, zone: str) -> datetime:
    """Return what the zone's wall clock shows, without an offset."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def instant_of(wall: datetime, zone: str) -> datetime:
    """Return the instant of a wall-clock time.

    With fold 0 Python takes the offset from before a change of clocks: a time that is skipped
    moves forward by the gap, and of a time that comes twice it is the first.
    """
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def months_later(wall: datetime, months: int) -> datetime:
    """Add calendar months; a day that the month lacks becomes its last."""
    count = wall.year * 12 + wall.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return wall.replace(year=year, month=month, day=min(wall.day, monthrange(year, month)[1]))


def boundary(anchor: datetime, zone: str, interval: str, number: int) -> datetime:
    """Return the start of period `number` (from 0) of those anchored at an instant."""
    if number == 0:
        return anchor
    wall = local(anchor, zone)
    if interval in MONTHS:
        return instant_of(months_later(wall, MONTHS[interval] * number), zone)
    return instant_of(wall + timedelta(days=DAYS[interval] * number), zone)


def seconds(start: datetime, end: datetime) -> int:
    """Return the whole seconds that elapse from start to end, none if end is not after start."""
    return max(0, int((end - start).total_seconds()))
