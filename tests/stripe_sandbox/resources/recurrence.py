"""When a price's periods end: counted from the anchor, so that month ends come back."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

MONTHS: Final = {"month": 1, "year": 12}
DAYS: Final = {"day": 1, "week": 7}


def shifted(anchor: int, recurring: Mapping[str, Any], number: int) -> int:
    """Return the anchor plus that many intervals, in UTC; a missing day is the month's last."""
    steps = recurring["interval_count"] * number
    at = datetime.fromtimestamp(anchor, UTC)
    if recurring["interval"] in DAYS:
        return int((at + timedelta(days=DAYS[recurring["interval"]] * steps)).timestamp())
    months = at.year * 12 + at.month - 1 + MONTHS[recurring["interval"]] * steps
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return int(at.replace(year=year, month=month + 1, day=min(at.day, last)).timestamp())


def next_end(anchor: int, recurring: Mapping[str, Any], after: int) -> int:
    """Return the first boundary later than `after`."""
    number = 0 if anchor > after else 1
    while shifted(anchor, recurring, number) <= after:
        number += 1
    return shifted(anchor, recurring, number)
