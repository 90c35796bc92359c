"""`/realtime-cost/tenants/{id}`: what the open period costs now, of what, and since when."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import OneOfField, TimeField, WholeField, format_timestamp
from billing.http.openapi import refusals
from billing.http.permissions import Need
from billing.http.serializers import Input, read_query
from billing.http.views import PlatformView
from billing.kernel import clock
from billing.kernel.errors import AmountOutOfBounds
from billing.kernel.money import Money
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.errors import NoActiveSubscription
from costs.api.platform.shapes import (
    ByResourceOutput,
    CurrentOutput,
    TimelineOutput,
    show_current,
    show_group,
    show_head,
    show_point,
)
from costs.charting import timeline
from costs.current import current_costs
from costs.intervals import Granularity
from costs.periods import open_costs
from costs.snapshot import snapshot
from costs.splitting import GroupBy, Split, split
from tenants.models import CostCenter

TAGS: Final = ["Costs"]


class ByResourceQuery(Input):
    """What to group by, and how many groups to name."""

    groupBy = OneOfField(choices=[group.value for group in GroupBy], default=GroupBy.RESOURCE.value)
    limit = WholeField(least=1, most=10_000, default=1_000)


class TimelineQuery(Input):
    """[start, end): by default the open period."""

    granularity = OneOfField(
        choices=[one.value for one in Granularity], default=Granularity.DAY.value
    )
    start = TimeField(required=False)
    end = TimeField(required=False)


class NoQuery(Input):
    """Nothing."""


class CurrentView(PlatformView):
    """Now."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="current_cost",
        summary="What the open period costs now",
        description="The preview's own computation, before discounts and taxes: planCost is its "
        "fee, usageCost its USAGE and MINIMUM lines. An event is in it as soon as its 201 is "
        "answered. `previousPeriodCost` is the whole period before (null in the first one), "
        "`changePercent` what the total is above it (null where that cost nothing).",
        tags=TAGS,
        responses={200: CurrentOutput, **refusals(NoActiveSubscription, AmountOutOfBounds)},
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        read_query(NoQuery, request)
        now = clock.now_for(account)
        catch_up(account, now=now)
        with snapshot():
            current = current_costs(account, now=now)
        return Response(show_current(current, now=now))


class ByResourceView(PlatformView):
    """By whom."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="cost_by_resource",
        summary="Split the usage cost into groups",
        description="Each charge's line is shared by the groups' own quantities, by largest "
        "remainder: the costs, those of `others` and `unattributed` sum to usageCost exactly. "
        "Unattributed is the usage that names no resource, type or cost center, and what the plan "
        "asks for whoever used it: minimums (which are their meter's by metricType) and minimum "
        "commitments. The dearest groups come first, at most `limit` of them; `others` are the "
        "rest together. A group's `quantity` adds up all its meters'; `byMetric` has them apart.",
        tags=TAGS,
        parameters=[ByResourceQuery],
        responses={200: ByResourceOutput, **refusals(NoActiveSubscription, AmountOutOfBounds)},
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        query = read_query(ByResourceQuery, request)
        now = clock.now_for(account)
        catch_up(account, now=now)
        group_by = GroupBy(query["groupBy"])
        with snapshot():
            costs = open_costs(account, now=now)
            found = split(costs, group_by)
        codes: dict[Any, str] = {}
        if group_by is GroupBy.COST_CENTER:
            rows = CostCenter.objects.filter(account_id=account.id)
            codes = dict(rows.values_list("id", "code"))
        return Response(
            {
                **show_head(costs, usage=costs.usage, now=now),
                "groupBy": group_by.value,
                **_shown(found, group_by, costs.usage, codes, limit=query["limit"]),
            }
        )


def _shown(
    found: Split, group_by: GroupBy, usage: Money, codes: dict[Any, str], *, limit: int
) -> dict[str, Any]:
    unattributed = found.unattributed
    groups = found.groups
    if group_by is GroupBy.COST_CENTER:
        gone = [group.cost for group in groups if group.key not in codes]
        unattributed += Money.total(gone, usage.currency)
        groups = tuple(group for group in groups if group.key in codes)
    named, others = groups[:limit], groups[limit:]
    rest = Money.total((group.cost for group in others), usage.currency)
    return {
        "resources": [show_group(group, group_by, usage, codes) for group in named],
        "others": {"groups": len(others), "cost": rest.amount},
        "unattributed": unattributed.amount,
    }


class TimelineView(PlatformView):
    """Since when."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="cost_timeline",
        summary="What each hour or day added to the bill",
        description="Each point is rated as the bill is, tiers and minimums included, so that the "
        "costs sum to usageCost exactly: to that of the open period where neither `start` nor "
        "`end` is given. Days are those of the tenant's time zone, hours those of UTC, and the "
        "first interval begins at `start`. An hour counts for the interval in which it begins. "
        "There are no points for times to come. HOUR takes at most 366 days, DAY 3,660, and both "
        "at most 130 billing periods.",
        tags=TAGS,
        parameters=[TimelineQuery],
        responses={200: TimelineOutput, **refusals(NoActiveSubscription, AmountOutOfBounds)},
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        query = read_query(TimelineQuery, request)
        granularity = Granularity(query["granularity"])
        now = clock.now_for(account)
        catch_up(account, now=now)
        with snapshot():
            costs = open_costs(account, now=now)
            found = timeline(
                costs,
                start=query.get("start"),
                end=query.get("end"),
                granularity=granularity,
                now=now,
            )
        return Response(
            {
                **show_head(costs, usage=found.cost, now=now),
                "granularity": granularity.value,
                "timezone": account.timezone,
                "start": format_timestamp(found.start),
                "end": format_timestamp(found.end),
                "points": [show_point(point) for point in found.points],
            }
        )
