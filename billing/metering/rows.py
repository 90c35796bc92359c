"""Events as rows: the text of a COPY for many, arrays for few and for those that may be there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from billing.metering.events import NewEvent

COPY: Final = (
    "COPY billing_usageevent (account_id, event_id, seq, meter_id, quantity, is_correction, "
    "occurred_at, recorded_at, resource_type, resource_id, user_id, cost_center_id, metadata) "
    "FROM STDIN"
)
INSERT: Final = """
INSERT INTO billing_usageevent (account_id, event_id, seq, meter_id, quantity, is_correction,
    occurred_at, recorded_at, resource_type, resource_id, user_id, cost_center_id, metadata)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::int[], %s::numeric[], %s::bool[],
    %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::uuid[],
    %s::jsonb[])
ON CONFLICT (account_id, event_id) DO NOTHING
RETURNING account_id, event_id
"""

NULL: Final = r"\N"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_text(
    account_id: str, numbered: Sequence[tuple[NewEvent, int]], now: datetime, *, is_plain: bool
) -> bytes:
    """Return the rows of a COPY in text format.

    `is_plain` promises that no text holds a backslash, a tab or a line break.
    """
    times = _texts([event.occurred_at for event, _ in numbered])
    rows = _plain_rows if is_plain else _escaped_rows
    return "".join(rows(account_id, numbered, times, str(now))).encode()


# The two say the same: a call for each text would take as long as the rest of the row.
def _plain_rows(
    account_id: str, numbered: Sequence[tuple[NewEvent, int]], times: list[str], now: str
) -> list[str]:
    return [
        f"{account_id}\t{e.event_id}\t{seq}\t{e.meter.id}\t{e.quantity_text}\t{e.is_correction}\t"
        f"{at}\t{now}\t{e.resource_type}\t{e.resource_id}\t{e.user_id}\t{e.cost_center_id}\t"
        f"{e.metadata_json or NULL}\n"
        for (e, seq), at in zip(numbered, times, strict=True)
    ]


def _escaped_rows(
    account_id: str, numbered: Sequence[tuple[NewEvent, int]], times: list[str], now: str
) -> list[str]:
    clean = _escaped
    return [
        f"{account_id}\t{clean(e.event_id)}\t{seq}\t{e.meter.id}\t{e.quantity_text}\t"
        f"{e.is_correction}\t{at}\t{now}\t{clean(e.resource_type)}\t{clean(e.resource_id)}\t"
        f"{clean(e.user_id)}\t{e.cost_center_id}\t"
        f"{clean(e.metadata_json) if e.metadata_json else NULL}\n"
        for (e, seq), at in zip(numbered, times, strict=True)
    ]


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _texts(moments: list[datetime]) -> list[str]:
    """Write instants as RFC 3339: all at once in C, ten times as fast as one by one."""
    return msgspec.json.encode(moments)[2:-2].decode().split('","')


def arrays(rows: Sequence[tuple[str, NewEvent, int, datetime]]) -> list[list[Any]]:
    """Return the columns of INSERT for rows of (account, event, seq, recorded_at)."""
    events = [event for _, event, _, _ in rows]
    return [
        [account_id for account_id, _, _, _ in rows],
        [event.event_id for event in events],
        [seq for _, _, seq, _ in rows],
        [event.meter.id for event in events],
        [event.quantity_text for event in events],
        [event.is_correction for event in events],
        [event.occurred_at for event in events],
        [now for _, _, _, now in rows],
        [event.resource_type for event in events],
        [event.resource_id for event in events],
        [event.user_id for event in events],
        [event.cost_center_id for event in events],
        [event.metadata_json for event in events],
    ]
