"""Events as rows: the text of a COPY for many, arrays for few and for those that may be there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

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
SELECT * FROM json_to_recordset(%s::json) AS e(account_id uuid, event_id text, seq bigint,
    meter_id int, quantity numeric, is_correction bool, occurred_at timestamptz,
    recorded_at timestamptz, resource_type text, resource_id text, user_id text,
    cost_center_id uuid, metadata jsonb)
ON CONFLICT (account_id, event_id) DO NOTHING
RETURNING account_id, event_id
"""
# Rows go as one JSON text: it is written in C, where an array for each column is not.

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


def insert_text(rows: Sequence[tuple[str, NewEvent, int, datetime]]) -> bytes:
    """Return the argument of INSERT for rows of (account, event, seq, recorded_at)."""
    return msgspec.json.encode(
        [
            {
                "account_id": account_id,
                "event_id": event.event_id,
                "seq": seq,
                "meter_id": event.meter.id,
                "quantity": event.quantity_text,
                "is_correction": event.is_correction,
                "occurred_at": event.occurred_at,
                "recorded_at": now,
                "resource_type": event.resource_type,
                "resource_id": event.resource_id,
                "user_id": event.user_id,
                "cost_center_id": event.cost_center_id,
                "metadata": msgspec.Raw((event.metadata_json or "null").encode()),
            }
            for account_id, event, seq, now in rows
        ]
    )
