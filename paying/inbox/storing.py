"""Keeping an event: once, before anything is done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from billing.kernel import jobs
from billing.kernel.statements import Statement
from billing.stripe.values import EventState
from paying.inbox.kinds import is_handled
from paying.records import EventStatus

WORK = "paying.read_event"

# Stripe may tell of thousands at once, and waits: one statement, which is a transaction by itself.
KEEP: Final = Statement(
    "paying_keep_event",
    """
INSERT INTO paying_stripeevent (id, type, object_type, object_id, customer_id, intent_id,
    api_version, source, status, attempts, outcome, failure, due_at, happened_at, received_at)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text,
    0, $10::text, '', $11::timestamptz, $12::timestamptz, $13::timestamptz)
ON CONFLICT (id) DO NOTHING
RETURNING id
""",
)


def keep_event(*, event: EventState, source: str, now: datetime) -> bool:
    """Keep an event, and wake a worker for it; return whether it is new. Real time.

    On return it is on disk. A type that we do nothing about is kept too, and rests.
    """
    waits = is_handled(event.type, event.object_type)
    kept = KEEP.rows(
        event.id,
        event.type,
        event.object_type,
        event.object_id,
        event.customer_id,
        event.intent_id,
        event.api_version,
        source,
        EventStatus.WAITING if waits else EventStatus.KEPT,
        "" if waits else "of a kind that changes nothing here",
        now.isoformat() if waits else None,
        event.created_at.isoformat(),
        now.isoformat(),
    )
    if kept and waits:
        jobs.enqueue(WORK, event_id=event.id)
    return bool(kept)
