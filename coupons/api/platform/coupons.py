"""`/coupons`: what reduces a bill."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import (
    CodeField,
    CurrencyField,
    DecimalStringField,
    FlagField,
    IdField,
    OneOfField,
    TextField,
    TimeField,
    WholeField,
    format_timestamp,
)
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need
from billing.http.serializers import Input, read, read_query
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import AlreadyExists, NotFound
from coupons import queries, services
from coupons.models import Coupon, DiscountType

TAGS: Final = ["Coupons"]


class CouponInput(Input):
    """A new coupon. `discountValue` is a percentage, or an amount in `currency`."""

    code = CodeField()
    description = TextField(least=0, most=2000, required=False, allow_null=True)
    discountType = OneOfField(choices=DiscountType.values)
    discountValue = DecimalStringField(least=Decimal(0))
    currency = CurrencyField(required=False, allow_null=True)
    durationMonths = WholeField(least=1, most=1200, required=False, allow_null=True)
    maxRedemptions = WholeField(least=1, required=False, allow_null=True)
    maxRedemptionsPerTenant = WholeField(least=1, required=False)
    expiresAt = TimeField(required=False, allow_null=True)
    applicablePlanIds = serializers.ListField(
        child=TextField(), required=False, allow_null=True, max_length=100
    )
    minimumAmount = DecimalStringField(required=False, allow_null=True, least=Decimal(0))


class CouponSerializer(serializers.Serializer[Any]):
    """A coupon."""

    id = IdField()
    code = TextField()
    description = TextField(allow_null=True)
    discountType = OneOfField(choices=DiscountType.values)
    discountValue = TextField()
    currency = TextField(allow_null=True)
    durationMonths = serializers.IntegerField(allow_null=True)
    maxRedemptions = serializers.IntegerField(allow_null=True)
    maxRedemptionsPerTenant = serializers.IntegerField(allow_null=True)
    currentRedemptions = serializers.IntegerField()
    expiresAt = TimeField(allow_null=True)
    applicablePlanIds = serializers.ListField(child=IdField())
    minimumAmount = TextField(allow_null=True)
    isActive = serializers.BooleanField()
    createdAt = TimeField()


def show(coupon: Coupon) -> dict[str, Any]:
    """Write a coupon out."""
    minimum = coupon.minimum_amount
    return {
        "id": str(coupon.id),
        "code": coupon.code,
        "description": coupon.description or None,
        "discountType": coupon.discount_type,
        "discountValue": format_decimal(coupon.value),
        "currency": coupon.currency or None,
        "durationMonths": coupon.duration_months,
        "maxRedemptions": coupon.max_redemptions,
        "maxRedemptionsPerTenant": coupon.max_redemptions_per_tenant,
        "currentRedemptions": coupon.current_redemptions,
        "expiresAt": None if coupon.expires_at is None else format_timestamp(coupon.expires_at),
        "applicablePlanIds": sorted(str(plan.pk) for plan in coupon.applicable_plans.all()),
        "minimumAmount": None if minimum is None else format_decimal(minimum),
        "isActive": coupon.is_active,
        "createdAt": format_timestamp(coupon.created_at),
    }


def show_anew(coupon: Coupon) -> dict[str, Any]:
    return show(queries.coupon_of(coupon.id))


SORTS: Final = {"createdAt": "created_at", "code": "code_key"}
CouponQuery = page_query(SORTS, active=FlagField(required=False))


class CouponsView(PlatformView):
    """All coupons."""

    needs: ClassVar = {"GET": Need.ADMIN, "POST": Need.ADMIN}

    @extend_schema(
        operation_id="create_coupon",
        summary="Make a coupon",
        description="PERCENTAGE and FIXED_AMOUNT take something off each invoice of a "
        "subscription, for `durationMonths` or for ever; CREDIT grants credit once. "
        "`minimumAmount` is what the plan must cost at least.",
        tags=TAGS,
        request=CouponInput,
        responses={201: CouponSerializer, **refusals(AlreadyExists, NotFound)},
    )
    def post(self, request: Request) -> Response:
        given = read(CouponInput, request.data)
        draft = services.CouponDraft(
            code=given["code"],
            description=given.get("description") or "",
            discount_type=given["discountType"],
            value=given["discountValue"],
            currency=given.get("currency") or "",
            duration_months=given.get("durationMonths"),
            max_redemptions=given.get("maxRedemptions"),
            max_redemptions_per_tenant=given.get("maxRedemptionsPerTenant", 1),
            expires_at=given.get("expiresAt"),
            plans=given.get("applicablePlanIds", ()),
            minimum_amount=given.get("minimumAmount"),
        )
        return self.answer(
            services.create_coupon, show_anew, status=201, draft=draft, now=clock.now()
        )

    @extend_schema(
        operation_id="list_coupons",
        summary="List coupons",
        description="All of them, or the active or inactive ones. Newest first.",
        tags=TAGS,
        parameters=[CouponQuery],
        responses=listing(CouponSerializer),
    )
    def get(self, request: Request) -> Response:
        query = read_query(CouponQuery, request)
        rows = queries.shown()
        if "active" in query:
            rows = rows.filter(is_active=query["active"])
        return page_of(rows, query, SORTS, show)


class CouponView(PlatformView):
    """One coupon."""

    needs: ClassVar = {"GET": Need.ADMIN}

    @extend_schema(
        operation_id="get_coupon",
        summary="Get a coupon",
        tags=TAGS,
        responses=CouponSerializer,
    )
    def get(self, request: Request, coupon_id: str) -> Response:
        return Response(show(queries.coupon_of(path_id(coupon_id, "couponId"))))


class DeactivateCouponView(PlatformView):
    """Off the offer."""

    needs: ClassVar = {"POST": Need.ADMIN}

    @extend_schema(
        operation_id="deactivate_coupon",
        summary="Take a coupon off the offer",
        description="What was redeemed stays. Again: nothing changes.",
        tags=TAGS,
        request=None,
        responses=CouponSerializer,
    )
    def post(self, request: Request, coupon_id: str) -> Response:
        read(NoInput, request.data)
        return self.answer(
            services.deactivate_coupon,
            show_anew,
            coupon_id=path_id(coupon_id, "couponId"),
            now=clock.now(),
        )


class NoInput(Input):
    """Nothing."""
