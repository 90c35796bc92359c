"""Reading events: each object by one worker at a time, fetched anew, until it is taken over.

The due row is the job. Whatever the order in which events come, each ends with what Stripe has
when it is read; so the last one read leaves what Stripe has now.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import connection

from billing.kernel import jobs
from billing.kernel.locks import number_of
from billing.kernel.outward import within
from billing.kernel.services import service
from billing.stripe.errors import StripeNotConfigured
from billing.stripe.gateway import Gateway
from paying import mirroring
from paying.inbox.storing import WORK
from paying.models import StripeEvent
from paying.money.early import has_come
from paying.records import EventStatus
from paying.syncing import seeing
from paying.syncing.done import Done
from paying.syncing.handlers import HANDLERS

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(minutes=5)
"""Should the worker die, another takes the event up after so long."""
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=6)
ATTEMPTS: Final = 15
"""Failures after which an event rests as FAILED: two days, by the pauses between them."""
BUSY_PAUSE: Final = timedelta(seconds=2)
UNCONFIGURED_PAUSE: Final = timedelta(minutes=5)
SWEEP: Final = 500
TRACE_LENGTH: Final = 8_000


def read_event(event_id: str, *, stripe: Gateway, now: datetime) -> None:
    """Read one event that is due. Safe to run from any number of workers, and again."""
    event = claim(event_id=event_id, now=now)
    if event is None:
        return
    try:
        with serialized(turn_of(event.object_type, event.object_id)) as is_mine:
            if not is_mine:
                put_off(event_id=event_id, until=now + BUSY_PAUSE)
                return
            done = HANDLERS[event.object_type](event.object_id, stripe=stripe, now=now)
    except StripeNotConfigured:
        put_off(event_id=event_id, until=now + UNCONFIGURED_PAUSE)
    except Exception:
        log.exception("stripe_event_failed", stripe_event=event_id, type=event.type)
        note_failure(event_id=event_id, trace=traceback.format_exc()[-TRACE_LENGTH:], now=now)
    else:
        note_done(event_id=event_id, done=done, now=now)
        mirroring.wake(event.object_type, event.object_id)


@service
def claim(*, event_id: str, now: datetime) -> StripeEvent | None:
    """Take a due event up, for a while; None where it is not due or another worker has it."""
    rows = StripeEvent.objects.select_for_update(skip_locked=True)
    event = rows.due(now).filter(pk=event_id).first()
    if event is not None:
        event.due_at = now + LEASE
        event.attempts += 1
        event.save(update_fields=["due_at", "attempts"])
    return event


def turn_of(kind: str, name: str) -> str:
    """Return what is read by one worker at a time: an object, or the catalogue as a whole, as a
    product and its prices make the same plan.
    """
    return "stripe:catalogue" if kind in {"price", "product"} else f"stripe:{name}"


@contextmanager
def serialized(name: str) -> Iterator[bool]:
    """Hold an object for as long as it is fetched and taken over; False where another has it.

    A lock of the session, not of a transaction: Stripe is asked in between. It ends with us.
    """
    number = number_of(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        row = cursor.fetchone()
    is_mine = bool(row and row[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@service
def put_off(*, event_id: str, until: datetime) -> None:
    """Let it wait for no fault of its own."""
    rows = StripeEvent.objects.filter(pk=event_id, status=EventStatus.WAITING)
    for event in rows.select_for_update():
        event.due_at = until
        event.attempts -= 1
        event.save(update_fields=["due_at", "attempts"])


@service
def note_failure(*, event_id: str, trace: str, now: datetime) -> None:
    """Keep the trace, and try again after a pause that doubles; after the last try it rests."""
    event = StripeEvent.objects.select_for_update().get(pk=event_id)
    if event.status != EventStatus.WAITING:
        return
    event.failure = trace.replace("\x00", "")
    if event.attempts >= ATTEMPTS:
        event.status, event.due_at = EventStatus.FAILED, None
    else:
        event.due_at = now + min(FIRST_PAUSE * 2 ** (event.attempts - 1), LONGEST_PAUSE)
    event.save(update_fields=["failure", "status", "due_at"])


@service
def note_done(*, event_id: str, done: Done, now: datetime) -> None:
    """Note what came of it, and what Stripe has of the object now.

    What is nobody's is read again where the money that it tells of came meanwhile.
    """
    intent_id = StripeEvent.objects.values_list("intent_id", flat=True).get(pk=event_id)
    is_late = not done.is_ours and has_come(intent_id)
    event = StripeEvent.objects.select_for_update().get(pk=event_id)
    if is_late and event.attempts < ATTEMPTS:
        event.due_at = now
        event.save(update_fields=["due_at"])
        return
    event.status = EventStatus.DONE if done.is_ours else EventStatus.KEPT
    event.outcome, event.failure = done.outcome[:255], ""
    event.account_id, event.due_at, event.done_at = done.account_id, None, now
    event.save()
    seeing.note(event.object_id, event.object_type, done, now=now)


@service
def retry_event(*, event_id: str, now: datetime) -> bool:
    """Read an event anew, at once, whatever came of it; return whether there is such."""
    event = StripeEvent.objects.select_for_update().filter(pk=event_id).first()
    if event is None or event.object_type not in HANDLERS:
        return False
    event.status, event.due_at = EventStatus.WAITING, now
    event.attempts, event.failure, event.done_at = 0, "", None
    event.save()
    jobs.enqueue(WORK, event_id=event.id)
    return True


def sweep_inbox(*, stripe: Gateway, now: datetime) -> None:
    """Read the events whose wake-up was lost, and those that have to be tried again."""
    if not stripe.is_configured:
        return
    due = StripeEvent.objects.due(now).order_by("happened_at", "pk").values_list("pk", flat=True)
    for event_id in within(list(due[:SWEEP])):
        read_event(event_id, stripe=stripe, now=now)
