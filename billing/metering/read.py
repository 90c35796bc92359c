from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from billing.metering.models import UsageCounter


@dataclass(frozen=True)
class CounterValue:
    total: Decimal = Decimal(0)
    events: int = 0
    corrections: int = 0
    maximum: Decimal = Decimal(0)
    latest: Decimal = Decimal(0)
    distinct_values: int = 0
    version: int = 0


def counters_of(period_ids: list[UUID]) -> dict[tuple[UUID, UUID], CounterValue]:
    return {
        (c.period_id, c.charge_id): CounterValue(
            c.total, c.events, c.corrections, c.maximum, c.latest, c.distinct_values, c.version
        )
        for c in UsageCounter.objects.filter(period_id__in=period_ids)
    }


def quantity_of(aggregation: str, c: CounterValue) -> Decimal:
    return c.total
