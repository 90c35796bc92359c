"""Making what is due visible before it is read, without waiting for the next beat."""

from __future__ import annotations

from datetime import datetime

from billing.accounts.models import Account
from billing.kernel import jobs
from billing.subscriptions.models import InvoiceDue, Subscription

RUN = "invoicing.run_account"


def is_due(account: Account, *, now: datetime) -> bool:
    """Say whether a period's end, a start or an invoice has come by now: two index probes."""
    return (
        Subscription.objects.due(now).filter(account=account).exists()
        or InvoiceDue.objects.due(now).filter(account=account).exists()
    )


def catch_up(account: Account, *, now: datetime) -> None:
    """Do the account's due work in this process, bounded; what is left, beat does."""
    if is_due(account, now=now):
        jobs.run_now(RUN, account_id=account.id)
