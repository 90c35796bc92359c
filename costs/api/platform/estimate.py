"""`/tenants/{id}/billing/estimate`: what the open period's invoice will come to."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import DecimalStringField, IdField, TextField, TimeField, format_timestamp
from billing.http.openapi import refusals
from billing.http.permissions import Need
from billing.http.serializers import Nothing, read_query
from billing.http.views import PlatformView
from billing.kernel import clock
from billing.kernel.decimals import exact, format_decimal
from billing.kernel.errors import AmountOutOfBounds
from billing.kernel.money import Money
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.errors import NoActiveSubscription
from costs.estimating import ChargeEstimate, Estimate, estimate, rounded
from costs.projecting import Method
from costs.snapshot import snapshot

DAY_SECONDS: Final = 86_400


class MetricEstimateOutput(serializers.Serializer[Any]):
    """A meter: used so far, projected to the period's end, and what that will cost."""

    metricType = TextField()
    currentQuantity = DecimalStringField()
    projectedQuantity = DecimalStringField()
    projectedAmount = TextField()
    method = serializers.ChoiceField(choices=[method.value for method in Method])


class EstimateOutput(serializers.Serializer[Any]):
    """What the open period's invoice is now, and what it will come to."""

    tenantId = IdField()
    currency = TextField()
    periodStart = TimeField()
    periodEnd = TimeField()
    asOf = TimeField()
    daysElapsed = serializers.IntegerField()
    daysInPeriod = serializers.IntegerField()
    currentTotal = TextField()
    projectedTotal = TextField()
    low = TextField()
    high = TextField()
    method = serializers.ChoiceField(choices=[method.value for method in Method])
    byMetric = MetricEstimateOutput(many=True)


class EstimateView(PlatformView):
    """The estimate."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="estimate_billing",
        summary="Estimate the open period's invoice",
        description="Quantities are projected to the period's end, then rated, discounted and "
        "taxed as any are: totals compare with the preview's. `method` is how sums were "
        "projected: WEEKDAY_AVERAGE from 14 days of history on, DAILY_AVERAGE from one, before "
        "that RUN_RATE; maxima and distinct values go by the period before (PREVIOUS_PERIOD) or "
        "by their TREND, and latest values stay AS_NOW. Nine of ten invoices would lie between "
        "`low` and `high` were days independent; the guide has how often they did.",
        tags=["Billing"],
        responses={200: EstimateOutput, **refusals(NoActiveSubscription, AmountOutOfBounds)},
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        read_query(Nothing, request)
        now = clock.now_for(account)
        catch_up(account, now=now)
        with snapshot():
            found = estimate(account, now=now)
        return Response(show(found))


def show(found: Estimate) -> dict[str, Any]:
    period = found.period
    elapsed = max(0, int((found.now - period.start_at).total_seconds()))
    totals = sorted(
        bill.calculated.total.minor for bill in (found.low, found.projected, found.high)
    )
    low, _, high = (Money(minor, found.projected.currency).amount for minor in totals)
    return {
        "tenantId": str(found.account.id),
        "currency": found.projected.currency,
        "periodStart": format_timestamp(period.start_at),
        "periodEnd": format_timestamp(period.end_at),
        "asOf": format_timestamp(found.now),
        "daysElapsed": elapsed // DAY_SECONDS,
        "daysInPeriod": round((period.end_at - period.start_at).total_seconds() / DAY_SECONDS),
        "currentTotal": found.current.calculated.total.amount,
        "projectedTotal": found.projected.calculated.total.amount,
        "low": low,
        "high": high,
        "method": found.method,
        "byMetric": [_metric(charges) for charges in _by_metric(found.charges)],
    }


def _by_metric(charges: Iterable[ChargeEstimate]) -> list[list[ChargeEstimate]]:
    found: dict[str, list[ChargeEstimate]] = {}
    for one in charges:
        found.setdefault(one.charge.metric_type, []).append(one)
    return list(found.values())


def _metric(charges: list[ChargeEstimate]) -> dict[str, str]:
    """Put a meter's charges together; the last one is of the plan that holds now."""
    with exact():
        current = sum((one.current for one in charges), Decimal(0))
        projected = sum(
            (rounded(one.current, one.projection, "projected") for one in charges), Decimal(0)
        )
    last = charges[-1]
    return {
        "metricType": last.charge.metric_type,
        "currentQuantity": format_decimal(current),
        "projectedQuantity": format_decimal(projected),
        "projectedAmount": Money.total(
            (one.amount for one in charges), last.amount.currency
        ).amount,
        "method": str(last.projection.method),
    }
