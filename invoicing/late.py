"""Late usage of an account that has no invoice to come: the run makes one of its own for it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog

from billing.kernel.errors import TenantNotFound
from billing.kernel.services import service
from billing.models import (
    Account,
    InvoiceDue,
    LockedAccount,
    Subscription,
    SubscriptionPeriod,
)
from billing.rating.late import accounts_with_changes, settle_periods
from invoicing import drafting, finalizing, parking

log = structlog.get_logger(__name__)

Kind = InvoiceDue.Kind


@service
def settle_late(*, account_id: UUID, now: datetime) -> bool:
    """Make and finalize the invoice of a cancelled account's late usage; say whether it made one.

    Nothing where another invoice is to come, which will settle it. Differences that come to
    nothing are settled without one.
    """
    account = Account.objects.lock(account_id)
    period = _last_period_of_the_ended(account)
    if period is None:
        return False
    bill = drafting.compose_for(account, period, Kind.LATE, now=now)
    if bill.is_empty:
        settle_periods(bill.settled)
        return False
    finalizing.finalize_bill(account, bill, now=now)
    return True


def _last_period_of_the_ended(account: LockedAccount) -> SubscriptionPeriod | None:
    is_live = Subscription.objects.live().filter(account=account).exists()
    if is_live or InvoiceDue.objects.filter(account=account, due_at__isnull=False).exists():
        return None
    return SubscriptionPeriod.objects.filter(account=account).order_by("-end_at", "-id").first()


def accounts_to_settle(*, clock_id: UUID | None = None, limit: int = 500) -> list[UUID]:
    """Return accounts without a live subscription whose settled usage has changed since."""
    return accounts_with_changes(clock_id=clock_id, limit=limit)


def settle_all(*, clock_id: UUID | None = None, now: datetime) -> None:
    """Settle the late usage of all who have no invoice to come; park the account that fails.

    On real time, or on one test clock.
    """
    for account_id in accounts_to_settle(clock_id=clock_id):
        try:
            settle_late(account_id=account_id, now=now)
        except TenantNotFound:
            continue
        except Exception as error:  # whatever it is: the others go on
            log.exception("account_parked", account_id=str(account_id))
            parking.park_account(account_id=account_id, error=error, now=now)
