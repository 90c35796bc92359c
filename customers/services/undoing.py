"""Creations that nobody went on with: given up, and taken back at Stripe."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from billing.kernel.outward import within
from billing.kernel.services import service
from billing.stripe.errors import StripeError, StripeNotConfigured
from billing.stripe.gateway import Gateway
from customers.models import OPEN_CREATIONS, CreationStatus, CustomerCreation

log = structlog.get_logger(__name__)

LONGEST_PAUSE: Final = timedelta(hours=6)


def undo_creation(*, creation_id: UUID, stripe: Gateway, now: datetime) -> None:
    """Delete what Stripe may have of an abandoned creation. Safe to run again at any point."""
    creation = CustomerCreation.objects.get(pk=creation_id)
    if creation.status != CreationStatus.ABANDONED:
        return
    known = creation.stripe_customer_id
    try:
        if creation.attempts or known:
            found = {*stripe.find_customers(reference=creation.account_id), known} - {""}
            for customer_id in sorted(found):
                key = f"customer-creation:{creation.id}:undo:{customer_id}"
                stripe.delete_customer(customer_id=customer_id, idempotency_key=key)
    except (StripeError, StripeNotConfigured) as error:
        put_off(creation_id=creation_id, reason=type(error).__name__, now=now)
        return
    settle(creation_id=creation_id, stripe_customer_id=known)


@service
def put_off(*, creation_id: UUID, reason: str, now: datetime) -> None:
    """Try the undoing again later, less and less often, and for ever."""
    creation = CustomerCreation.objects.select_for_update().get(pk=creation_id)
    if creation.status == CreationStatus.ABANDONED:
        creation.attempts += 1
        creation.failure = reason
        pause = timedelta(minutes=2 ** min(creation.attempts, 10))
        creation.due_at = now + min(pause, LONGEST_PAUSE)
        creation.save()


@service
def settle(*, creation_id: UUID, stripe_customer_id: str) -> None:
    """Mark it undone, unless Stripe's customer became known while it was being undone."""
    creation = CustomerCreation.objects.select_for_update().get(pk=creation_id)
    known = creation.stripe_customer_id == stripe_customer_id
    if creation.status == CreationStatus.ABANDONED and known:
        creation.undo()
        creation.save()


def sweep_creations(*, stripe: Gateway, now: datetime, limit: int = 200) -> None:
    """Give up what nobody went on with, and undo what was given up."""
    for creation in within(CustomerCreation.objects.due(now).order_by("due_at")[:limit]):
        if creation.status in OPEN_CREATIONS:
            give_up(creation_id=creation.id, now=now)
        try:
            undo_creation(creation_id=creation.id, stripe=stripe, now=now)
        except Exception:  # one bad row does not stop the others
            log.exception("creation_not_undone", creation_id=str(creation.id))


@service
def give_up(*, creation_id: UUID, now: datetime) -> None:
    """Abandon a creation that is still open and past its time."""
    creation = CustomerCreation.objects.select_for_update().get(pk=creation_id)
    due = creation.due_at
    if creation.status in OPEN_CREATIONS and due is not None and due <= now:
        creation.abandon(due_at=now)
        creation.save()
