"""Periods that were settled, and whose usage has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.db import connection

from billing.metering.read import ended_accounts_that_moved, periods_that_moved
from billing.subscriptions.models import SubscriptionPeriod
from billing.subscriptions.periods import UNSETTLED

__all__ = [
    "UNSETTLED",
    "accounts_with_changes",
    "changed_periods",
    "periods_that_moved",
    "settle_periods",
    "unsettle",
]


def changed_periods(moved: set[UUID], *, besides: UUID | None) -> list[SubscriptionPeriod]:
    """Return the periods of `periods_that_moved`, the oldest first.

    `besides` is left out: the period whose own usage the invoice charges.
    """
    moved = moved - {besides}
    if not moved:
        return []
    rows = SubscriptionPeriod.objects.filter(pk__in=moved).select_related("subscription")
    return list(rows.order_by("start_at", "id"))


def accounts_with_changes(*, clock_id: UUID | None, limit: int) -> list[UUID]:
    """Return accounts without a live subscription whose settled usage has changed since then.

    On real time, or on one test clock. Looks at the periods of ended subscriptions alone.
    """
    return ended_accounts_that_moved(clock_id=clock_id, limit=limit)


SETTLE: Final = """
UPDATE billing_subscriptionperiod p SET settled_version = s.version
FROM unnest(%s::uuid[], %s::bigint[]) AS s (id, version) WHERE p.id = s.id
"""


def settle_periods(versions: Mapping[UUID, int]) -> None:
    """Remember the versions of the counters that were invoiced for periods."""
    if not versions:
        return
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [list(versions), list(versions.values())])


def unsettle(period_id: UUID, *, to: int | None) -> None:
    """Take back that a period was invoiced (None), or have it looked at again (UNSETTLED)."""
    SubscriptionPeriod.objects.filter(pk=period_id, settled_version__isnull=False).update(
        settled_version=to
    )
