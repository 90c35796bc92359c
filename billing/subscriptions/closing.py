"""The end of all that an account subscribes to, at once: its customer is being deleted."""

from __future__ import annotations

from datetime import datetime

from billing.accounts import audit
from billing.accounts.models import LockedAccount
from billing.metering.rebuild import lock_timeline_exclusive, rebuild
from billing.subscriptions.models import InvoiceDue, Segment, Subscription, SubscriptionPeriod
from billing.subscriptions.telling import tell


def end_all(account: LockedAccount, *, now: datetime) -> None:
    """Cancel the live subscription at `now`, the account's time; nothing will be invoiced.

    Waits for usage that is being recorded. What was counted after `now` counts for no period.
    """
    lock_timeline_exclusive(account.id)
    InvoiceDue.objects.filter(account_id=account.id, due_at__isnull=False).update(due_at=None)
    for subscription in Subscription.objects.live().filter(account_id=account.id):
        _end(subscription, now=now)
        audit.record(
            action="subscription.cancelled",
            account_id=account.id,
            subject=subscription.id,
            after={"status": subscription.status},
            now=now,
        )
        tell(subscription, "cancelled", now=now)


def _end(subscription: Subscription, *, now: datetime) -> None:
    subscription.cancel(at=now)
    subscription.due_at = None
    subscription.updated_at = now
    subscription.save()
    open_ones = {"subscription": subscription, "start_at__lte": now}
    periods = SubscriptionPeriod.objects.filter(**open_ones, end_at__gt=now)
    if periods.update(end_at=now):
        Segment.objects.filter(**open_ones, end_at__isnull=True).update(end_at=now)
        rebuild(subscription.account_id, now, None)
