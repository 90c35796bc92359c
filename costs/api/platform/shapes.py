"""Costs as the API shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing.http.fields import DecimalStringField, IdField, TextField, TimeField, format_timestamp
from billing.kernel.decimals import format_decimal
from billing.kernel.money import Money
from costs.charting import Point
from costs.current import Current
from costs.periods import PeriodCosts
from costs.quantities import MetricCost
from costs.shares import percent_of
from costs.splitting import GroupBy, GroupCost


class CostsOutput(serializers.Serializer[Any]):
    """Which period's costs these are, and as of when."""

    tenantId = IdField()
    currency = TextField()
    periodStart = TimeField()
    periodEnd = TimeField()
    asOf = TimeField()
    usageCost = TextField(help_text="USAGE and MINIMUM lines, before discounts and taxes.")


class MetricCostOutput(serializers.Serializer[Any]):
    """A meter of the plan: what was used, and what that costs with its minimums."""

    metricType = TextField()
    quantity = DecimalStringField()
    cost = TextField()


class CurrentOutput(CostsOutput):
    """What the open period costs at this moment."""

    planCost = TextField(help_text="The fee that the preview shows, its prorations included.")
    totalCost = TextField()
    previousPeriodCost = TextField(allow_null=True)
    changePercent = TextField(allow_null=True)
    byMetric = MetricCostOutput(many=True)
    unattributed = TextField(help_text="What minimum commitments add: it is no meter's.")


class ResourceOutput(serializers.Serializer[Any]):
    """A group's part of the usage cost. `quantity` adds up its meters', which `byMetric` has."""

    key = TextField()
    resourceId = TextField(required=False)
    resourceType = TextField(required=False, allow_null=True)
    metricType = TextField(required=False)
    costCenterId = IdField(required=False)
    costCenterCode = TextField(required=False)
    quantity = DecimalStringField()
    cost = TextField()
    percentage = TextField(allow_null=True)
    byMetric = MetricCostOutput(many=True)


class OthersOutput(serializers.Serializer[Any]):
    """The groups beyond `limit`, together."""

    groups = serializers.IntegerField()
    cost = TextField()


class ByResourceOutput(CostsOutput):
    """The usage cost in groups, the dearest first."""

    groupBy = TextField()
    resources = ResourceOutput(many=True)
    others = OthersOutput()
    unattributed = TextField()


class PointOutput(serializers.Serializer[Any]):
    """What an interval added, and what all from the first one on had by its end."""

    timestamp = TimeField()
    cost = TextField()
    cumulativeCost = TextField()


class TimelineOutput(CostsOutput):
    """What each hour or day added to the bill."""

    granularity = TextField()
    timezone = TextField()
    start = TimeField()
    end = TimeField()
    points = PointOutput(many=True)


def show_head(costs: PeriodCosts, *, usage: Money, now: datetime) -> dict[str, Any]:
    return {
        "tenantId": str(costs.account.id),
        "currency": costs.currency,
        "periodStart": format_timestamp(costs.period.start_at),
        "periodEnd": format_timestamp(costs.period.end_at),
        "asOf": format_timestamp(now),
        "usageCost": usage.amount,
    }


def show_metric(metric: MetricCost) -> dict[str, str]:
    return _metric(metric.metric_type, metric.quantity, metric.cost)


def _metric(metric_type: str, quantity: Decimal, cost: Money) -> dict[str, str]:
    return {"metricType": metric_type, "quantity": format_decimal(quantity), "cost": cost.amount}


def percent(value: Decimal | None) -> str | None:
    return None if value is None else format_decimal(value)


def show_current(current: Current, *, now: datetime) -> dict[str, Any]:
    costs, previous = current.costs, current.previous
    return {
        **show_head(costs, usage=costs.usage, now=now),
        "planCost": costs.fee.amount,
        "totalCost": costs.total.amount,
        "previousPeriodCost": None if previous is None else previous.amount,
        "changePercent": percent(current.change_percent),
        "byMetric": [show_metric(metric) for metric in current.metrics],
        "unattributed": costs.commitment.amount,
    }


def show_group(
    group: GroupCost, group_by: GroupBy, usage: Money, codes: dict[Any, str]
) -> dict[str, Any]:
    metrics = list(group.metrics)
    shown: dict[str, Any] = {**_names(group.key, group_by, codes)}
    if len(metrics) == 1:
        shown["metricType"] = metrics[0]
    share = percent_of(group.cost, usage)
    return {
        **shown,
        "quantity": format_decimal(group.quantity),
        "cost": group.cost.amount,
        "percentage": percent(share) or "0",
        "byMetric": [_metric(name, *both) for name, both in group.metrics.items()],
    }


def _names(key: Any, group_by: GroupBy, codes: dict[Any, str]) -> dict[str, Any]:
    match group_by:
        case GroupBy.RESOURCE:
            kind, resource = key
            return {"key": resource, "resourceId": resource, "resourceType": kind or None}
        case GroupBy.RESOURCE_TYPE:
            return {"key": key, "resourceType": key}
        case GroupBy.METRIC:
            return {"key": key, "metricType": key}
        case GroupBy.COST_CENTER:
            center = str(key)
            return {"key": center, "costCenterId": center, "costCenterCode": codes.get(key)}


def show_point(point: Point) -> dict[str, str]:
    return {
        "timestamp": format_timestamp(point.at),
        "cost": point.cost.amount,
        "cumulativeCost": point.cumulative.amount,
    }
