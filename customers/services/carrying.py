"""Carrying deletions through: what is due by `due_at <= now`, step by step, resumable at each."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from billing.kernel.errors import TenantNotFound
from billing.kernel.outward import within
from billing.kernel.services import service
from billing.models import Account
from billing.stripe.errors import StripeError, StripeNotConfigured
from billing.stripe.gateway import Gateway
from customers.models import CustomerDeletion, DeletionStatus
from customers.services import erasing
from customers.services.deletion import lock_deletion, note_gone

log = structlog.get_logger(__name__)

ATTEMPTS: Final = 10
"""Failures in a row after which a deletion is parked: half a day, by the pauses between them."""

FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=3)
CONFIRMATION_WITHIN: Final = timedelta(days=1)
"""Stripe's word is waited for so long; then it is asked again, and says what it has."""

BUDGET_SECONDS: Final = 10.0

TELLING: Final = frozenset({DeletionStatus.REQUESTED, DeletionStatus.AWAITING})


def carry_deletion(
    *, account_id: UUID, stripe: Gateway, now: datetime, budget: float = BUDGET_SECONDS
) -> None:
    """Do what is due of a deletion; after `budget` seconds leave the rest to the next wake-up.

    Safe to run from any number of workers at once. What fails is noted, and tried again later.
    """
    deletion = CustomerDeletion.objects.due(now).filter(pk=account_id).first()
    if deletion is None:
        return
    try:
        if deletion.status in TELLING:
            tell_stripe(deletion, stripe, now=now)
        started = time.monotonic()
        while erasing.take_step(account_id=account_id, now=now):
            if time.monotonic() - started > budget:
                return
    except TenantNotFound:
        return  # gone with its test clock
    except (StripeError, StripeNotConfigured) as error:
        note_failure(account_id=account_id, reason=f"Stripe: {error.code}", now=now)
    except Exception as error:
        log.exception("deletion_failed", account_id=str(account_id))
        note_failure(account_id=account_id, reason=type(error).__name__, now=now)


def tell_stripe(deletion: CustomerDeletion, stripe: Gateway, *, now: datetime) -> None:
    """Have each customer deleted. What was gone already is as good as confirmed."""
    gone = []
    for customer_id in deletion.stripe_customer_ids:
        key = f"customer-deletion:{deletion.pk}:{customer_id}:{deletion.attempts}"
        if not stripe.delete_customer(customer_id=customer_id, idempotency_key=key):
            gone.append(customer_id)
    note_told(account_id=deletion.pk, gone=gone, now=now)


@service
def note_told(*, account_id: UUID, gone: list[str], now: datetime) -> None:
    """Wait for Stripe's word, or begin to erase where nothing is left to wait for."""
    account = Account.objects.lock(account_id, even_closed=True)
    deletion = lock_deletion(account)
    if deletion is None or deletion.status not in TELLING:
        return
    note_gone(deletion, gone, now=now)
    if deletion.status in TELLING:
        deletion.attempts += 1
        if deletion.attempts >= ATTEMPTS:
            deletion.failure = "Stripe does not confirm that its customer is deleted."
            deletion.park()
        else:
            deletion.await_confirmation(due_at=now + CONFIRMATION_WITHIN)
    deletion.save()


@service
def note_failure(*, account_id: UUID, reason: str, now: datetime) -> None:
    """Try again after a pause that doubles; at the tenth failure in a row, park it."""
    account = Account.objects.lock(account_id, even_closed=True)
    deletion = lock_deletion(account)
    if deletion is None or deletion.due_at is None:
        return
    deletion.attempts += 1
    deletion.failure = reason[:2000]
    if deletion.attempts >= ATTEMPTS:
        deletion.park()
    else:
        deletion.due_at = now + min(FIRST_PAUSE * 2 ** (deletion.attempts - 1), LONGEST_PAUSE)
    deletion.save()


def sweep_deletions(*, stripe: Gateway, now: datetime, limit: int = 100) -> None:
    """Carry on what is due, the longest overdue first."""
    due = CustomerDeletion.objects.due(now).order_by("due_at").values_list("pk", flat=True)
    for account_id in within(list(due[:limit])):
        carry_deletion(account_id=account_id, stripe=stripe, now=now)
