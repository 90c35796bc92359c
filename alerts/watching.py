"""Which accounts to look at: those whose counters changed since, found in one statement.

An account without alerts costs nothing; one whose alerts are idle a comparison of versions, made
only when anything at all was recorded since.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from alerts.models import Alert, AlertWatch
from billing.kernel.services import service
from tenants.cost_centers.models import CostCenter

LEASE: Final = timedelta(seconds=30)
BATCH: Final = 50

CHANGED: Final = """
SELECT w.account_id FROM alerts_alertwatch w
JOIN LATERAL (
    SELECT coalesce(sum(c.version), 0) AS version FROM billing_usagecounter c
    WHERE c.account_id = w.account_id) AS now ON now.version <> w.seen_version
WHERE w.is_open AND (w.leased_until IS NULL OR w.leased_until <= %s)
ORDER BY w.account_id LIMIT %s
"""
# The first number that is drawn leaves `last_value` as it was: it says only that it was drawn.
RECORDED: Final = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM billing_usage_block"


def recorded_so_far() -> int:
    """Return a number that grows with every transaction that records usage, whoever's."""
    with connection.cursor() as cursor:
        cursor.execute(RECORDED)
        return int(cursor.fetchone()[0])


def changed(*, now: datetime, limit: int = BATCH) -> list[UUID]:
    """Return accounts whose counters are others than were looked at."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, [now, limit])
        return [row[0] for row in cursor.fetchall()]


def due(*, now: datetime, limit: int = BATCH) -> list[UUID]:
    """Return accounts to look at whatever was recorded."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    rows = AlertWatch.objects.filter(free, due_at__lte=now).order_by("due_at")
    return list(rows.values_list("pk", flat=True)[:limit])


@service
def lease(accounts: Sequence[UUID], *, now: datetime) -> list[UUID]:
    """Take accounts for half a minute, those that nobody else has. `now` is real time."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    rows = AlertWatch.objects.filter(free, pk__in=accounts).order_by("pk")
    taken = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
    AlertWatch.objects.filter(pk__in=taken).update(leased_until=now + LEASE)
    return taken


def watch(account_id: UUID) -> None:
    """Have an account looked at as long as it has an alert or a budget.

    In the caller's transaction. (Named by the setting BILLING_BUDGET_LISTENERS: budgets have
    changed, or what counts against them.)
    """
    budgets = CostCenter.objects.filter(account_id=account_id, budget_minor__isnull=False)
    if Alert.objects.filter(account_id=account_id).exists() or budgets.exists():
        AlertWatch.objects.update_or_create(
            account_id=account_id, defaults={"due_at": Now(), "is_open": True}
        )
    else:
        AlertWatch.objects.filter(account_id=account_id).delete()


def look_soon(accounts: Sequence[UUID], *, now: datetime) -> None:
    """Have accounts looked at, where they have alerts. In the caller's transaction, real time.

    (Named by the setting BILLING_EVENT_LISTENERS: a change of a subscription changes its cost.)
    """
    rows = AlertWatch.objects.filter(pk__in=accounts)
    list(rows.order_by("pk").select_for_update().values_list("pk"))  # in one order
    rows.update(due_at=now)
