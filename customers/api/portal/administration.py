"""`/admin/customers` and `/admin/billing/status`: all customers, for those who run the system."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django_filters import FilterSet
from django_filters.filters import CharFilter, ChoiceFilter, IsoDateTimeFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.catalog.models import Plan
from billing.http.fields import IdField, OneOfField, TextField, TimeField
from billing.http.filtering import filtered
from billing.http.paging import PortalPageQuery, portal_page_of
from billing.http.portal import PortalNeed, PortalView
from billing.http.serializers import read_query
from billing.subscriptions.stripe_words import STATUSES
from customers.administration import (
    BillingStatus,
    CustomerSummary,
    billing_status,
    newest_customers,
    summaries_of,
)
from customers.models import Customer

TAG = "Administration"
WORDS = list(STATUSES)


class CustomersQuery(PortalPageQuery):
    """A page, and what narrows the list down."""

    tierName = TextField(required=False, help_text="Exactly this name.")
    status = OneOfField(choices=WORDS, required=False)
    asOf = TimeField(
        required=False,
        help_text="Leave out customers made after this instant. With the time of the first "
        "request on every page, a list that grows is walked without a repetition.",
    )


class CustomerFilters(FilterSet):  # type: ignore[misc]
    """What the list of customers is narrowed down by: each is served by an index."""

    tierName = CharFilter(method="on_tier", strip=False)
    status = ChoiceFilter(method="in_status", choices=[(word, word) for word in WORDS])
    asOf = IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")

    def on_tier(self, rows: QuerySet[Customer], _name: str, value: str) -> QuerySet[Customer]:
        # The ids first: joined to the names, all would be sorted each time, not read in order.
        return rows.filter(
            tier__in=list(Plan.objects.filter(name=value).values_list("pk", flat=True))
        )

    def in_status(self, rows: QuerySet[Customer], _name: str, value: str) -> QuerySet[Customer]:
        return rows.filter(subscription_status=STATUSES[value])


class CustomerSummarySerializer(serializers.Serializer[CustomerSummary]):
    """A customer, its standing, its team."""

    id = IdField()
    name = TextField()
    tierName = TextField(
        source="tier_name",
        allow_null=True,
        help_text="Of the default tenant's live subscription, else of its newest cancelled one.",
    )
    subscriptionStatus = OneOfField(
        source="status", choices=WORDS, allow_null=True, help_text="null: never subscribed."
    )
    memberCount = serializers.IntegerField(source="member_count", help_text="With the owner.")
    createdAt = TimeField(source="created_at")
    ownerUserID = IdField(
        source="owner_user_id",
        help_text="The zero UUID for an orphaned customer: its deletion is on the way.",
    )


def shown(customers: Iterable[Customer]) -> Any:
    """Write a page's customers, by one serializer: one for each takes most of a page's time."""
    many = serializers.ListSerializer(summaries_of(customers), child=CustomerSummarySerializer())
    return many.data


class CustomerDetailSerializer(CustomerSummarySerializer):
    """The same, with the tier's id."""

    tierID = IdField(source="tier_id", allow_null=True)


class CustomersPageSerializer(serializers.Serializer[Any]):
    """A page of customers, the newest first."""

    customers = CustomerSummarySerializer(many=True)
    items = serializers.IntegerField()
    pages = serializers.IntegerField()


class TierStandingSerializer(serializers.Serializer[Any]):
    """A tier's active customers."""

    tierName = TextField(source="name")
    activeCustomers = serializers.IntegerField(source="customers")
    avgMemberCount = serializers.FloatField(
        source="average_team", help_text="Members of a team on average, with two decimals."
    )


class BillingStatusSerializer(serializers.Serializer[BillingStatus]):
    """How many customers there are."""

    totalCustomers = serializers.IntegerField(source="customers")
    activeCustomers = serializers.IntegerField(source="active")
    subscriptionsByTier = serializers.DictField(
        source="tiers_by_name", child=TierStandingSerializer()
    )


class CustomersView(PortalView):
    """All customers."""

    needs = {"GET": PortalNeed.ADMIN}

    @extend_schema(
        operation_id="list_customers",
        summary="List customers",
        description="The newest first; of those made at one instant, the one with the greater id. "
        "A customer made while the list is walked moves the older ones down: none is missed, some "
        "come again on the next page. `asOf` keeps the newer ones out.",
        tags=[TAG],
        parameters=[CustomersQuery],
        responses=CustomersPageSerializer,
    )
    def get(self, request: Request) -> Response:
        query = read_query(CustomersQuery, request)
        rows = filtered(CustomerFilters, newest_customers(), query)
        return portal_page_of(rows, query, "customers", dict, complete=shown)


class BillingStatusView(PortalView):
    """How the system is doing."""

    needs = {"GET": PortalNeed.ADMIN}

    @extend_schema(
        operation_id="get_billing_status",
        summary="Count customers by tier",
        description="All figures are of one instant. A customer is active while the subscription "
        "of its default tenant is `active` or `trialing`; other tenants don't count. "
        "`subscriptionsByTier` has each tier with active customers, under its name (tiers that "
        "share a name are counted as one); `avgMemberCount` is over those customers, with "
        "their owners, rounded half up.",
        tags=[TAG],
        responses=BillingStatusSerializer,
    )
    def get(self, request: Request) -> Response:
        return Response(BillingStatusSerializer(billing_status()).data)
