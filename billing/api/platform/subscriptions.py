"""`/tenants/{id}/subscriptions`: who is on which plan."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Min
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import (
    IdField,
    OneOfField,
    TextField,
    TimeField,
    WholeField,
    format_timestamp,
)
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need, require
from billing.http.serializers import Input, read, read_query
from billing.http.views import PlatformView
from billing.http.zones import ZoneField
from billing.kernel import clock
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import AlreadyExists, NotFound, invalid
from billing.kernel.money import Money
from billing.subscriptions import queries, services
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.discounting import ends_at
from billing.subscriptions.errors import (
    CurrencyMismatch,
    NoActiveSubscription,
    PlanNotActive,
)
from billing.subscriptions.models import Subscription, SubscriptionStatus

START_LIMIT: Final = timedelta(days=5 * 366)


class SubscriptionInput(Input):
    """A new subscription. `planId` is a version's id, or a code: its newest version."""

    planId = TextField()
    startAt = TimeField(required=False, allow_null=True)
    trialDays = WholeField(least=0, most=3650, required=False, allow_null=True)
    couponCode = TextField(required=False, allow_null=True)
    stripeCustomerId = TextField(required=False, allow_null=True)
    timezone = ZoneField(required=False, allow_null=True)


class DiscountSerializer(serializers.Serializer[Any]):
    """A discount. `endsAt` is known once it has taken something off: periods from then on go
    without it.
    """

    id = IdField()
    discountPercent = TextField(allow_null=True)
    discountAmount = TextField(allow_null=True)
    durationMonths = serializers.IntegerField(allow_null=True)
    reason = TextField(allow_null=True)
    couponCode = TextField(allow_null=True)
    givenAt = TimeField()
    endsAt = TimeField(allow_null=True)


def show_discount(row: Any, of: Subscription) -> dict[str, Any]:
    """Write a discount out. `first_start` is where it first took something off."""
    currency = of.account.currency
    ends = ends_at(row, row.first_start, of.timezone)
    return {
        "id": str(row.id),
        "discountPercent": None if row.percent is None else format_decimal(row.percent),
        "discountAmount": None
        if row.amount_minor is None
        else Money(row.amount_minor, currency).amount,
        "durationMonths": row.duration_months,
        "reason": row.reason or None,
        "couponCode": row.code or None,
        "givenAt": format_timestamp(row.created_at),
        "endsAt": None if ends is None else format_timestamp(ends),
    }


class SubscriptionSerializer(serializers.Serializer[Subscription]):
    """A subscription as the API shows it. `currentPeriod…` are null before the start."""

    id = IdField()
    tenantId = IdField(source="account_id")
    planId = IdField(source="plan_version_id")
    planCode = TextField(source="plan_version.plan.code")
    status = OneOfField(choices=SubscriptionStatus.values)
    timezone = TextField()
    currentPeriodStart = TimeField(source="current_period_start", allow_null=True)
    currentPeriodEnd = TimeField(source="current_period_end", allow_null=True)
    startedAt = TimeField(source="started_at")
    trialEnd = TimeField(source="trial_end_at", allow_null=True)
    cancelAtPeriodEnd = serializers.BooleanField(source="cancel_at_period_end")
    cancelledAt = TimeField(source="cancelled_at", allow_null=True)
    endedAt = TimeField(source="ended_at", allow_null=True)
    cancellationReason = serializers.SerializerMethodField()
    pausedAt = TimeField(source="paused_at", allow_null=True)
    pendingPlanId = IdField(source="pending_plan_version_id", allow_null=True)
    discounts = serializers.SerializerMethodField()
    creditBalance = serializers.SerializerMethodField()
    stripeSubscriptionId = serializers.SerializerMethodField()
    createdAt = TimeField(source="created_at")
    updatedAt = TimeField(source="updated_at")

    def get_cancellationReason(self, row: Subscription) -> str | None:  # noqa: N802
        return row.cancellation_reason or None

    def get_stripeSubscriptionId(self, row: Subscription) -> str | None:  # noqa: N802
        return row.stripe_subscription_id or None

    @extend_schema_field(DiscountSerializer(many=True))
    def get_discounts(self, row: Subscription) -> list[dict[str, Any]]:
        given = row.discounts.annotate(first_start=Min("uses__period_start"))
        return [show_discount(one, row) for one in given.order_by("position")]

    def get_creditBalance(self, row: Subscription) -> str:  # noqa: N802
        return Money(getattr(row, "credit_minor", 0), row.account.currency).amount


def show(row: Subscription) -> dict[str, Any]:
    """Read the row again with all that is shown of it, and write it out."""
    return dict(SubscriptionSerializer(queries.shown().get(pk=row.pk)).data)


SORTS: Final = {"createdAt": "created_at", "startedAt": "started_at"}
SubscriptionQuery = page_query(
    SORTS, status=OneOfField(choices=SubscriptionStatus.values, required=False)
)


class SubscriptionsView(PlatformView):
    """A tenant's subscriptions."""

    needs = {"GET": Need.READ, "POST": Need.OWN}

    @extend_schema(
        operation_id="create_subscription",
        summary="Subscribe a tenant to a plan",
        description="`trialDays` and a `startAt` in the past take billing_admin. "
        "A start in the future is INCOMPLETE until then. A coupon that can't be redeemed is a 409 "
        "with its reason as code. With a plan that is paid in advance the "
        "first invoice is there when this answers.",
        tags=["Subscriptions"],
        request=SubscriptionInput,
        responses={
            201: SubscriptionSerializer,
            **refusals(NotFound, AlreadyExists, PlanNotActive, CurrencyMismatch),
        },
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        now = clock.now_for(account)
        given = read(SubscriptionInput, request.data)
        self.require_near(given.get("startAt"), now=now)
        if "trialDays" in given or self.is_past(given.get("startAt"), now=now):
            require(self.caller, Need.ADMIN, account)
        response = self.answer(
            services.create_subscription,
            show,
            status=201,
            account_id=account.id,
            plan_ref=given["planId"],
            start_at=given.get("startAt"),
            trial_days=given.get("trialDays"),
            timezone=given.get("timezone"),
            coupon_code=given.get("couponCode"),
            stripe_customer_id=given.get("stripeCustomerId"),
            now=now,
        )
        catch_up(account, now=now)
        return response

    @staticmethod
    def require_near(start_at: datetime | None, *, now: datetime) -> None:
        if start_at is not None and abs(start_at - now) > START_LIMIT:
            raise invalid("startAt", "must be within five years from now")

    @staticmethod
    def is_past(start_at: datetime | None, *, now: datetime) -> bool:
        return start_at is not None and start_at < now

    @extend_schema(
        operation_id="list_subscriptions",
        summary="List a tenant's subscriptions",
        description="For every member of the tenant's customer, newest first.",
        tags=["Subscriptions"],
        parameters=[SubscriptionQuery],
        responses=listing(SubscriptionSerializer),
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        catch_up(account, now=clock.now_for(account))
        query = read_query(SubscriptionQuery, request)
        rows = queries.shown().filter(account_id=account.id)
        if "status" in query:
            rows = rows.filter(status=query["status"])
        return page_of(rows, query, SORTS, lambda row: SubscriptionSerializer(row).data)


class LiveSubscriptionView(PlatformView):
    """The one that is live."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="get_subscription",
        summary="Get a tenant's live subscription",
        description="The one that is not CANCELLED.",
        tags=["Subscriptions"],
        responses={200: SubscriptionSerializer, **refusals(NoActiveSubscription)},
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        catch_up(account, now=clock.now_for(account))
        return Response(SubscriptionSerializer(queries.live_subscription(account.id)).data)
