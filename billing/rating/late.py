"""Periods that were settled, and whose usage has changed since."""

from __future__ import annotations

from uuid import UUID

from billing.metering.read import ended_accounts_that_moved, periods_that_moved
from billing.subscriptions.models import SubscriptionPeriod
from billing.subscriptions.periods import UNSETTLED

__all__ = ["UNSETTLED", "changed_periods", "settle_periods", "unsettle"]


def changed_periods(account_id: UUID, *, besides: UUID | None) -> list[SubscriptionPeriod]:
    """Return the account's settled periods whose counters are not those that were settled.

    The oldest first. `besides` is left out: the period whose own usage the invoice charges.
    """
    moved = periods_that_moved(account_id)
    if besides is not None:
        moved.discard(besides)
    if not moved:
        return []
    rows = SubscriptionPeriod.objects.filter(pk__in=moved).select_related("subscription")
    return list(rows.order_by("start_at", "id"))


def accounts_with_changes(*, clock_id: UUID | None, limit: int) -> list[UUID]:
    """Return accounts without a live subscription whose settled usage has changed since then.

    On real time, or on one test clock. Looks at the periods of ended subscriptions alone.
    """
    return ended_accounts_that_moved(clock_id=clock_id, limit=limit)


def settle_periods(versions: dict[UUID, int]) -> None:
    """Remember the versions of the counters that were invoiced for periods."""
    for period_id, version in versions.items():
        SubscriptionPeriod.objects.filter(pk=period_id).update(settled_version=version)


def unsettle(period_id: UUID, *, to: int | None) -> None:
    """Take back that a period was invoiced (None), or have it looked at again (UNSETTLED)."""
    SubscriptionPeriod.objects.filter(pk=period_id, settled_version__isnull=False).update(
        settled_version=to
    )
