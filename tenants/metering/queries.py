"""What a tenant's usage is read over, where a caller does not say."""

from __future__ import annotations

from datetime import UTC, datetime

from billing.accounts.models import Account
from billing.kernel.periods import Period
from billing.kernel.zones import zone
from billing.subscriptions.models import SubscriptionPeriod


def current_period(account: Account, *, now: datetime) -> Period:
    """Return the billing period that `now` is in; without one, the month in the tenant's zone."""
    found = (
        SubscriptionPeriod.objects.filter(account=account, start_at__lte=now, end_at__gt=now)
        .order_by("-start_at")
        .first()
    )
    if found is not None:
        return Period(found.start_at, found.end_at)
    local = now.astimezone(zone(account.timezone))
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    is_december = first.month == 12
    following = first.replace(
        year=first.year + is_december, month=1 if is_december else first.month + 1
    )
    return Period(first.astimezone(UTC), following.astimezone(UTC))
