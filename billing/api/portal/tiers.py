"""`/admin/tiers`: the plans as surface A's tiers, and which of them new customers get."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.catalog import services
from billing.catalog.errors import PlanArchived
from billing.catalog.models import Plan
from billing.catalog.queries import tiers
from billing.http.fields import FlagField, IdField, TextField
from billing.http.openapi import refusals
from billing.http.portal import PortalNeed, PortalView
from billing.http.serializers import Input, Nothing, read, read_query
from billing.http.views import path_id
from billing.kernel import clock

TAG = "Administration"


class TiersQuery(Input):
    """Both kinds where nothing is said."""

    active = FlagField(required=False, help_text="Only active tiers, or only archived ones.")


class SubscriptionTierSerializer(serializers.Serializer[Plan]):
    """A tier: a plan, under the plan's id. `stripePriceId` is its newest version's."""

    id = IdField()
    name = TextField()
    description = TextField()
    stripePriceId = serializers.SerializerMethodField()
    isActive = serializers.BooleanField(source="is_active")
    isDefault = serializers.BooleanField(source="is_default")
    sortOrder = serializers.IntegerField(source="sort_order")
    features = serializers.SerializerMethodField(
        help_text="Always empty: `/limits` and `/quotas` say what a tier gives."
    )

    def get_stripePriceId(self, tier: Any) -> str | None:  # noqa: N802
        return tier.newest_stripe_price_id or None

    def get_features(self, _tier: Plan) -> list[str]:
        return []


class SubscriptionTiersSerializer(serializers.Serializer[Any]):
    """All of them; there are no pages."""

    tiers = SubscriptionTierSerializer(many=True)


class MessageSerializer(serializers.Serializer[Any]):
    """That it is done, in a sentence."""

    message = serializers.CharField()


class TiersView(PortalView):
    """All tiers."""

    needs = {"GET": PortalNeed.ADMIN}

    @extend_schema(
        operation_id="list_tiers",
        summary="List tiers",
        description="Active and archived ones unless `active` is given, by `sortOrder`, then the "
        "older first. A tier is a plan of `/api/v1/billing`, and has its id.",
        tags=[TAG],
        parameters=[TiersQuery],
        responses=SubscriptionTiersSerializer,
    )
    def get(self, request: Request) -> Response:
        query = read_query(TiersQuery, request)
        rows = tiers()
        if "active" in query:
            rows = rows.filter(is_active=query["active"])
        return Response(SubscriptionTiersSerializer({"tiers": rows}).data)


class DefaultTierView(PortalView):
    """The one tier that new customers get."""

    needs = {"PUT": PortalNeed.ADMIN}
    statuses = {"PUT": {PlanArchived: 400}}

    @extend_schema(
        operation_id="set_default_tier",
        summary="Make a tier the default",
        description="New customers get it from now on; customers that exist keep theirs. The "
        "tier that was the default loses it in the same transaction: there is one at most, "
        "whoever asks at once. Again: 200, nothing changes. `tierID` may also be the id of a "
        "version of the plan.",
        tags=[TAG],
        request=None,
        responses={200: MessageSerializer, **refusals(PlanArchived)},
    )
    def put(self, request: Request, tierID: str) -> Response:
        read(Nothing, request.data)
        return self.answer(
            services.make_default_plan,
            lambda _plan: {"message": "Default tier updated successfully"},
            plan_id=path_id(tierID, "tierID"),
            now=clock.now(),
        )
