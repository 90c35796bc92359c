"""Events as rows: the text of a COPY for many, arrays for few and for those that may be there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

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

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_text(account_id: str, numbered: Sequence[tuple[NewEvent, int]], now: datetime) -> bytes:
    """Return the rows of a COPY in text format."""
    parts = [_line(account_id, event, seq, now) for event, seq in numbered]
    return "".join(parts).encode()


def _line(account_id: str, e: NewEvent, seq: int, now: datetime) -> str:
    texts = f"{e.event_id}{e.resource_type}{e.resource_id}{e.user_id}"
    if texts.isprintable() and "\\" not in texts:
        kind, resource, user, event_id = e.resource_type, e.resource_id, e.user_id, e.event_id
    else:
        event_id = e.event_id.translate(_ESCAPES)
        kind, resource, user = (
            text.translate(_ESCAPES) for text in (e.resource_type, e.resource_id, e.user_id)
        )
    metadata = e.metadata_json
    metadata = r"\N" if metadata is None else _json_field(metadata)
    return (
        f"{account_id}\t{event_id}\t{seq}\t{e.meter.id}\t{e.quantity_text}\t"
        f"{'t' if e.is_correction else 'f'}\t{e.occurred_at}\t{now}\t"
        f"{kind}\t{resource}\t{user}\t{e.cost_center_id}\t{metadata}\n"
    )


def _json_field(text: str) -> str:
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPES)


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
