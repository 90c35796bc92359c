"""Texts and days as XML takes them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

NOT_XML: Final = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def xml_text(text: str) -> str:
    """Leave out the control characters that no XML document may hold."""
    return NOT_XML.sub("", text).strip()


def days(start: datetime, end: datetime, zone: str) -> tuple[date, date]:
    """Return the first and the last day that a half-open stretch touches, by the zone's dates."""
    first = start.astimezone(ZoneInfo(zone))
    last = max(first, end.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1))
    return first.date(), last.date()
