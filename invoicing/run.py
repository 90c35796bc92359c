"""The billing run: what is due by `due_at <= now`, one account and one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from billing.kernel.errors import TenantNotFound
from billing.kernel.services import service
from billing.models import Account, InvoiceDue, LockedAccount, Subscription
from billing.subscriptions.advancing import advance_subscription
from invoicing import drafting, finalizing

log = structlog.get_logger(__name__)

STEP_LIMIT: Final = 2000
"""Steps for one account in one go: after a long standstill the next beat goes on."""


@service
def take_step(*, account_id: UUID, now: datetime) -> datetime | None:
    """Take the account's earliest step that is due by `now`; return when it was due, or None.

    Steps go in the order of their instants; of equal ones the subscription moves first, so that
    an invoice in advance finds the period whose fee it charges.
    """
    account = Account.objects.lock(account_id)
    subscription = Subscription.objects.due(now).filter(account=account).order_by("due_at").first()
    invoice = InvoiceDue.objects.due(now).filter(account=account).order_by("due_at", "id").first()
    moves = subscription.due_at if subscription else None
    bills = invoice.due_at if invoice else None
    if subscription and moves and (bills is None or moves <= bills):
        advance_subscription(subscription, now=now)
        return moves
    if invoice and bills:
        _bill(account, invoice, now=now)
        return bills
    return None


def _bill(account: LockedAccount, due: InvoiceDue, *, now: datetime) -> None:
    """Draft it, and finalize it once its grace is over; then it is never due again."""
    drafting.open_draft(account, due, now=now)
    is_final = due.due_at == due.finalize_at
    if is_final:
        finalizing.finalize_due(account, due, now=now)
    following = None if is_final else due.finalize_at
    InvoiceDue.objects.filter(pk=due.pk).update(due_at=following)


def run_account(*, account_id: UUID, now: datetime) -> int:
    """Do all that is due for an account by `now`, each step in a transaction of its own.

    Return how many steps were taken. Safe to run from any number of workers at once.
    """
    for taken in range(STEP_LIMIT):
        if take_step(account_id=account_id, now=now) is None:
            return taken
    return STEP_LIMIT


def due_accounts(*, now: datetime, limit: int) -> Iterator[UUID]:
    """Yield accounts on real time that have something due, the longest overdue first."""
    rows = (
        Subscription.objects.due(now)
        .filter(account__test_clock__isnull=True)
        .order_by("due_at")
        .values_list("account_id", flat=True)[:limit]
    )
    invoices = (
        InvoiceDue.objects.due(now)
        .filter(account__test_clock__isnull=True)
        .order_by("due_at")
        .values_list("account_id", flat=True)[:limit]
    )
    yield from dict.fromkeys([*rows, *invoices])


def run_due(*, now: datetime, limit: int = 500) -> int:
    """Do what is due for up to `limit` accounts; one that fails is logged and left for later."""
    steps = 0
    for account_id in due_accounts(now=now, limit=limit):
        try:
            steps += run_account(account_id=account_id, now=now)
        except TenantNotFound:
            continue
        except Exception:  # one bad account does not stop the run
            log.exception("billing_run_failed", account_id=str(account_id))
    return steps
