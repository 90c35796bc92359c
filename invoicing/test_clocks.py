"""Advancing a test clock: everything due on the way is done, in order, resumable at every step."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db.models import Model

from billing.kernel.errors import NotFound, invalid
from billing.kernel.reads import Given, Read
from billing.kernel.services import service
from billing.metering.removal import forget_usage
from billing.models import (
    Account,
    ApiKey,
    AuditEntry,
    CreditEntry,
    CreditGrant,
    Discount,
    DiscountUse,
    FeeItem,
    InvoiceDue,
    OutboxCounter,
    OutboxEvent,
    Segment,
    Subscription,
    SubscriptionPause,
    SubscriptionPeriod,
    TestClock,
    TrialUse,
)
from coupons.models import Redemption
from customers.models import Customer, CustomerCreation, CustomerDeletion
from invoicing import due, late, parking, run
from invoicing.models import (
    BilledUsage,
    Invoice,
    InvoiceDocument,
    InvoiceLine,
    TaxExemption,
)
from invoicing.records import (
    CreditNote,
    CreditNoteDocument,
    CreditNoteLine,
    Dunning,
    DunningEntry,
    Mail,
    ParkedAccount,
    Payment,
)
from tenants.models import Tenant

log = structlog.get_logger(__name__)

Status = TestClock.Status
LONGEST_ADVANCE: Final = timedelta(days=20 * 366)
"""Far more than anybody tries: beyond it is a mistyped year. The work is bounded by its time."""
BUDGET_SECONDS: Final = 50.0

OWNED: Final[tuple[type[Model], ...]] = (
    ParkedAccount,
    Mail,
    DunningEntry,
    Dunning,
    CreditNoteDocument,
    CreditNoteLine,
    CreditNote,
    Payment,
    InvoiceDocument,
    BilledUsage,
    InvoiceLine,
    Invoice,
    TaxExemption,
    CreditEntry,
    CreditGrant,
    DiscountUse,
    Discount,
    Redemption,
    FeeItem,
    SubscriptionPause,
    InvoiceDue,
    Segment,
    SubscriptionPeriod,
    Subscription,
    TrialUse,
    ApiKey,
    AuditEntry,
    OutboxEvent,
    OutboxCounter,
    CustomerDeletion,
    CustomerCreation,
    Customer,
    Tenant,
)
"""What belongs to an account, the referring before the referred."""


LOCK: Final[Read[TestClock]] = Read(
    lambda: TestClock.objects.select_for_update().filter(pk=Given(0, "uuid"))
)


def _locked(clock_id: UUID) -> TestClock:
    found = LOCK.first(clock_id)
    if found is None:
        raise NotFound(noun="test clock")
    return found


@service
def create_clock(*, frozen_time: datetime, name: str, now: datetime) -> TestClock:
    """Make a clock that stands at `frozen_time`. `now` is real time."""
    return TestClock.objects.create(
        name=name, frozen_time=frozen_time, reached_at=frozen_time, created_at=now
    )


@service
def set_target(*, clock_id: UUID, frozen_time: datetime) -> TestClock:
    """Store where the clock shall go. Raises NotFound, InvalidRequest for backwards or too far."""
    clock = _locked(clock_id)
    if frozen_time < clock.frozen_time:
        raise invalid("frozenTime", "a clock does not go backwards")
    if frozen_time - clock.reached_at > LONGEST_ADVANCE:
        raise invalid("frozenTime", f"one advance goes {LONGEST_ADVANCE.days} days at most")
    clock.frozen_time = frozen_time
    clock.status = Status.ADVANCING if clock.reached_at < frozen_time else Status.READY
    clock.failure = ""
    clock.save()
    ParkedAccount.objects.filter(account__test_clock=clock).delete()
    return clock


@service
def move_to(*, clock_id: UUID, reached_at: datetime, status: str, failure: str = "") -> TestClock:
    """Let the clock's accounts see a later time."""
    clock = _locked(clock_id)
    clock.reached_at = max(clock.reached_at, min(reached_at, clock.frozen_time))
    clock.status, clock.failure = status, failure
    clock.save()
    return clock


def run_instant(accounts: list[UUID], at: datetime) -> None:
    """Do all that is due at one instant, account by account; park the one that fails."""
    for account_id in accounts:
        try:
            run.run_account(account_id=account_id, now=at)
        except Exception as error:
            parking.park_account(account_id=account_id, error=error, now=at)
            raise


def advance(*, clock_id: UUID, frozen_time: datetime, budget: float = BUDGET_SECONDS) -> TestClock:
    """Go to `frozen_time`, doing what is due on the way in the order of its instants.

    Stops after `budget` seconds of work with status ADVANCING; asking for the same time again goes
    on. A step that fails leaves status FAILED and its account parked, what was done stays; asking
    again releases the account and tries again.
    """
    clock = set_target(clock_id=clock_id, frozen_time=frozen_time)
    started = time.monotonic()
    while (found := due.due_on_clock(clock)) is not None:
        if time.monotonic() - started > budget:
            return clock
        at, accounts = found
        clock = move_to(clock_id=clock.id, reached_at=at, status=Status.ADVANCING)
        try:
            run_instant(accounts, at)
        except Exception as error:
            log.exception("test_clock_failed", clock=str(clock.id))
            move_to(clock_id=clock.id, reached_at=at, status=Status.FAILED, failure=str(error))
            raise
    clock = move_to(clock_id=clock.id, reached_at=frozen_time, status=Status.READY)
    late.settle_all(clock_id=clock.id, now=frozen_time)
    return clock


@service
def delete_clock(*, clock_id: UUID) -> None:
    """Delete a clock with its tenants and all that is theirs. Raises NotFound."""
    clock = _locked(clock_id)
    accounts = list(clock.accounts.values_list("id", flat=True))
    forget_usage(accounts)
    for model in OWNED:
        model._base_manager.filter(account_id__in=accounts).delete()  # noqa: SLF001
    Account.objects.filter(customer_id__in=accounts).update(customer=None)
    Account.objects.filter(id__in=accounts).delete()
    clock.delete()
