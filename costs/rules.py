"""The allocation rules that hold in a period, with their weights; and the leaves that they take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from billing.kernel.money import Money
from billing.metering.groups import Dimension, meter_by_center, usage_by
from billing.models import SubscriptionPeriod
from costs.allocating import Allocated, Leaf, Rule, allocate
from costs.models import AllocationRule, Method
from costs.periods import PeriodCosts
from costs.shares import shared


def allocated(costs: PeriodCosts, centers: Sequence[UUID], *, now: datetime) -> Allocated:
    """Share the period's usage cost out: directly by use, then by the rules. Exact."""
    rules = rules_in(costs.period)
    leaves = list(_leaves(costs, rules, now=now))
    return allocate(leaves, rules, centers, costs.currency)


def rules_in(period: SubscriptionPeriod) -> list[Rule]:
    """Return the rules that hold somewhere in a period, in their order."""
    rows = (
        AllocationRule.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=period.start_at),
            account_id=period.account_id,
            valid_from__lt=period.end_at,
        )
        .select_related("meter", "by_meter")
        .prefetch_related("shares")
        .order_by("valid_from", "id")
    )
    return [_rule(row, period) for row in rows]


def _rule(row: AllocationRule, period: SubscriptionPeriod) -> Rule:
    weights: dict[UUID, Decimal] = {share.center_id: share.percent for share in row.shares.all()}
    if row.method == Method.METER_SHARE and row.by_meter is not None:
        weights = meter_by_center(period.id, row.by_meter.id, row.by_meter.aggregation)
        weights = {center: used for center, used in weights.items() if center != row.source_id}
    return Rule(
        id=row.id,
        source=row.source_id,
        metric_type="" if row.meter is None else row.meter.metric_type,
        start=row.valid_from,
        end=row.valid_until,
        weights=weights,
        is_percentage=row.method == Method.PERCENTAGE,
    )


def _leaves(costs: PeriodCosts, rules: Sequence[Rule], *, now: datetime) -> Iterator[Leaf]:
    """Yield each charge's line by cost center and stretch of rules, then what is nobody's."""
    period = costs.period
    bounds = {moment for rule in rules for moment in (rule.start, rule.end) if moment is not None}
    cuts = sorted(moment for moment in bounds if period.start_at < moment < period.end_at)
    begins = [period.start_at, *cuts]
    weights: dict[UUID, dict[tuple[UUID | None, int], Decimal]] = {}
    kinds = {charge.charge_id: charge.aggregation for charge in costs.charges}
    if kinds:
        for usage in usage_by(Dimension.COST_CENTER, period.id, kinds, cuts=cuts):
            center, stretch = usage.group
            weights.setdefault(usage.charge_id, {})[center, stretch] = usage.quantity
    latest = min(now, period.end_at - timedelta(microseconds=1))
    for charge in costs.charges:
        parts, rest = shared(charge.line, weights.get(charge.charge_id, {}))
        for (center, stretch), part in parts.items():
            yield Leaf(center=center, metric_type=charge.metric_type, at=begins[stretch], cost=part)
        unused: Money = rest + charge.minimum
        yield Leaf(center=None, metric_type=charge.metric_type, at=latest, cost=unused)
    yield Leaf(center=None, metric_type="", at=latest, cost=costs.commitment)
