"""The counters as pricing reads them: one row for each period and charge, however many events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from billing.catalog.models import Aggregation
from billing.kernel.reads import AnyOf, Read, fetch
from billing.metering.models import UsageCounter


@dataclass(frozen=True, slots=True)
class CounterValue:
    """What a charge counts in a period. `events` holds the corrections too. Voided ones are out.

    `version` grows with each change. Without any usage all is zero.
    """

    total: Decimal = Decimal(0)
    events: int = 0
    corrections: int = 0
    maximum: Decimal = Decimal(0)
    latest: Decimal = Decimal(0)
    distinct_values: int = 0
    version: int = 0


def counters_of(period_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], CounterValue]:
    """Return the counters of periods by (period, charge): one query. None for what has no usage."""
    rows = COUNTERS(list(period_ids))
    return {(row[0], row[1]): CounterValue(*row[2:]) for row in rows}


COUNTERS: Final[Read[tuple[Any, ...]]] = Read(
    lambda: UsageCounter.objects.filter(AnyOf("period_id", 0, "uuid")).values_list(
        "period_id",
        "charge_id",
        "total",
        "events",
        "corrections",
        "maximum",
        "latest",
        "distinct_values",
        "version",
    )
)
VERSIONS: Final[Read[tuple[UUID, Any]]] = Read(
    lambda: (
        UsageCounter.objects.filter(AnyOf("account_id", 0, "uuid"))
        .values_list("account_id")
        .annotate(sum=Sum("version"))
    )
)


MOVED = """
SELECT p.account_id, p.id FROM billing_subscriptionperiod p
LEFT JOIN billing_usagecounter c ON c.period_id = p.id
WHERE p.account_id = ANY(%s) AND p.settled_version IS NOT NULL
GROUP BY p.id
HAVING coalesce(sum(c.version), 0) <> p.settled_version
"""


def periods_that_moved(account_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Return by account the settled periods whose counters have another version than was settled.

    One query. None for an account where all is as it was.
    """
    found: dict[UUID, set[UUID]] = {}
    for account_id, period_id in fetch(MOVED, [list(account_ids)]):
        found.setdefault(account_id, set()).add(period_id)
    return found


ENDED_AND_MOVED = """
SELECT DISTINCT account_id FROM (
    SELECT p.account_id, p.id FROM billing_subscriptionperiod p
    JOIN billing_subscription s ON s.id = p.subscription_id AND s.status = 'CANCELLED'
    JOIN billing_account a ON a.id = p.account_id AND a.test_clock_id IS NOT DISTINCT FROM %s
    LEFT JOIN billing_usagecounter c ON c.period_id = p.id
    WHERE p.settled_version IS NOT NULL AND NOT EXISTS (
        SELECT FROM billing_subscription live
        WHERE live.account_id = p.account_id AND live.status <> 'CANCELLED')
    GROUP BY p.account_id, p.id, p.settled_version
    HAVING coalesce(sum(c.version), 0) <> p.settled_version
) AS moved ORDER BY account_id LIMIT %s
"""


def ended_accounts_that_moved(*, clock_id: UUID | None, limit: int) -> list[UUID]:
    """Return accounts of ended subscriptions alone, with settled periods whose counters moved."""
    with connection.cursor() as cursor:
        cursor.execute(ENDED_AND_MOVED, [clock_id, limit])
        return [row[0] for row in cursor.fetchall()]


def account_version(account_id: UUID) -> int:
    """Return a number that grows with every change of the account's counters."""
    return account_versions([account_id]).get(account_id, 0)


def account_versions(account_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the same of several accounts: one query. None for one without usage."""
    return {row[0]: int(row[1]) for row in VERSIONS(list(account_ids))}


def quantity_of(aggregation: str, counter: CounterValue) -> Decimal:
    """Return the quantity that a counter stands for under a meter's aggregation.

    SUM may be negative by corrections; COUNT counts the events, whatever their quantities.
    """
    match Aggregation(aggregation):
        case Aggregation.SUM:
            return counter.total
        case Aggregation.COUNT:
            return Decimal(counter.events)
        case Aggregation.MAX:
            return counter.maximum
        case Aggregation.LATEST:
            return counter.latest
        case Aggregation.UNIQUE:
            return Decimal(counter.distinct_values)
