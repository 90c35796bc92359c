"""Time zones by their IANA names."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Return every zone that the installed tzdata knows."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def is_zone(name: str) -> bool:
    return name in names()


def zone(name: str) -> ZoneInfo:
    """Return the zone; it was checked when it was stored."""
    return ZoneInfo(name)
