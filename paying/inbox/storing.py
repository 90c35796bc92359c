"""Keeping an event: once, before anything is done about it."""

from __future__ import annotations

from datetime import datetime

from billing.kernel import jobs
from billing.kernel.services import service
from billing.stripe.values import EventState
from paying.inbox.kinds import is_handled
from paying.models import StripeEvent
from paying.records import EventStatus

WORK = "paying.read_event"


@service
def keep_event(*, event: EventState, source: str, now: datetime) -> bool:
    """Keep an event, and wake a worker for it; return whether it is new. Real time.

    A type that we do nothing about is kept too, and rests.
    """
    waits = is_handled(event.type, event.object_type)
    row = StripeEvent(
        id=event.id,
        type=event.type,
        object_type=event.object_type,
        object_id=event.object_id,
        customer_id=event.customer_id,
        intent_id=event.intent_id,
        api_version=event.api_version,
        source=source,
        status=EventStatus.WAITING if waits else EventStatus.KEPT,
        outcome="" if waits else "of a kind that changes nothing here",
        due_at=now if waits else None,
        happened_at=event.created_at,
        received_at=now,
    )
    # Two at the same instant both find none: the database takes one, and both wake a worker.
    is_new = not StripeEvent.objects.filter(pk=event.id).exists()
    StripeEvent.objects.bulk_create([row], ignore_conflicts=True)
    if is_new and waits:
        jobs.enqueue(WORK, event_id=event.id)
    return is_new
