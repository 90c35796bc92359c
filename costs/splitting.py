"""The open period's usage cost, split over resources, their types, meters or cost centers."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from billing.kernel.decimals import exact
from billing.kernel.money import Money
from billing.metering.groups import Dimension, GroupUsage, usage_by
from costs.periods import ChargeCost, PeriodCosts
from costs.quantities import by_metric
from costs.shares import shared


class GroupBy(StrEnum):
    RESOURCE = "resource"
    RESOURCE_TYPE = "resourceType"
    METRIC = "metricType"
    COST_CENTER = "costCenter"


@dataclass(slots=True, kw_only=True)
class GroupCost:
    """What a group used of each meter, and what that costs. `key` is (type, id), or one text."""

    key: Hashable
    cost: Money
    metrics: dict[str, tuple[Decimal, Money]] = field(default_factory=dict)

    @property
    def quantity(self) -> Decimal:
        with exact():
            return sum((quantity for quantity, _ in self.metrics.values()), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The groups, the dearest first, and what is nobody's. Together they are the usage cost."""

    groups: tuple[GroupCost, ...]
    unattributed: Money


def split(costs: PeriodCosts, group_by: GroupBy) -> Split:
    """Split what the period's usage costs. Exact: costs and `unattributed` sum to it.

    Each charge's line is shared by the groups' own quantities. A MINIMUM line is asked for by the
    plan and by nobody's use: it is its meter's, and no resource's or cost center's.
    """
    if group_by is GroupBy.METRIC:
        return _by_metric(costs)
    kinds = {charge.charge_id: charge.aggregation for charge in costs.charges}
    dimension = Dimension(group_by.value)
    found = usage_by(dimension, costs.period.id, kinds) if kinds else []
    return _split(costs, found)


def _by_metric(costs: PeriodCosts) -> Split:
    groups = [
        GroupCost(
            key=metric.metric_type,
            cost=metric.cost,
            metrics={metric.metric_type: (metric.quantity, metric.cost)},
        )
        for metric in by_metric(costs)
    ]
    return Split(groups=_dearest_first(groups), unattributed=costs.commitment)


def _split(costs: PeriodCosts, found: Iterable[GroupUsage]) -> Split:
    weights: dict[UUID, dict[Hashable, Decimal]] = {}
    for usage in found:
        weights.setdefault(usage.charge_id, {})[_key(usage.group)] = usage.quantity
    groups: dict[Hashable, GroupCost] = {}
    unattributed = costs.commitment
    for charge in costs.charges:
        own = weights.get(charge.charge_id, {})
        parts, rest = shared(charge.line, own)
        unattributed += rest + charge.minimum
        for key, part in parts.items():
            if key is None:
                unattributed += part
            else:
                _add(groups, key, charge, own[key], part)
    return Split(groups=_dearest_first(groups.values()), unattributed=unattributed)


def _key(group: tuple[object, ...]) -> Hashable:
    """Return what names a group; None for usage that names none."""
    if not group[-1]:
        return None
    return group if len(group) > 1 else group[0]


def _add(
    groups: dict[Hashable, GroupCost],
    key: Hashable,
    charge: ChargeCost,
    quantity: Decimal,
    part: Money,
) -> None:
    nothing = Money.zero(part.currency)
    group = groups.setdefault(key, GroupCost(key=key, cost=nothing))
    before, cost = group.metrics.get(charge.metric_type, (Decimal(0), nothing))
    with exact():
        group.metrics[charge.metric_type] = (before + quantity, cost + part)
    group.cost += part


def _dearest_first(groups: Iterable[GroupCost]) -> tuple[GroupCost, ...]:
    return tuple(sorted(groups, key=lambda group: (-group.cost.minor, str(group.key))))
