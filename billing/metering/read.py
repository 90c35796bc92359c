"""The counters as pricing reads them: one row for each period and charge, however many events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from billing.catalog.models import Aggregation
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
    rows = UsageCounter.objects.filter(period_id__in=list(period_ids)).values_list(
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
    return {(row[0], row[1]): CounterValue(*row[2:]) for row in rows}


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
