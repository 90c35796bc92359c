"""What the open period has used of each meter, whatever charges and plans that went by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from billing.catalog.models import Aggregation
from billing.kernel.decimals import exact
from billing.kernel.money import Money
from billing.metering.groups import distinct_of, latest_of
from costs.periods import ChargeCost, PeriodCosts


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricCost:
    """A meter's charged usage in a period, and what it costs, its minimums included."""

    metric_type: str
    quantity: Decimal
    cost: Money


def by_metric(costs: PeriodCosts) -> list[MetricCost]:
    """Return the period's meters in the order of the plan's charges."""
    charges: dict[str, list[ChargeCost]] = {}
    for charge in costs.charges:
        charges.setdefault(charge.metric_type, []).append(charge)
    return [
        MetricCost(
            metric_type=metric_type,
            quantity=_quantity(costs.period.id, own),
            cost=Money.total((charge.cost for charge in own), costs.currency),
        )
        for metric_type, own in charges.items()
    ]


def _quantity(period_id: UUID, charges: Sequence[ChargeCost]) -> Decimal:
    """Put the quantities of a meter's charges together, as its aggregation asks."""
    if len(charges) == 1:
        return charges[0].quantity
    ids = [charge.charge_id for charge in charges]
    match Aggregation(charges[0].aggregation):
        case Aggregation.MAX:
            return max(charge.quantity for charge in charges)
        case Aggregation.LATEST:
            return latest_of(period_id, ids)
        case Aggregation.UNIQUE:
            return distinct_of(period_id, ids)
        case _:
            with exact():
                return sum((charge.quantity for charge in charges), Decimal(0))
