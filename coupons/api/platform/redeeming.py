"""`/coupons/validate` and `/coupons/redeem`: a code in a tenant's hand."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import IdField, OneOfField, TextField, TimeField, format_timestamp
from billing.http.openapi import refusals
from billing.http.permissions import Need, account_for
from billing.http.serializers import Input, read
from billing.http.views import PlatformView
from billing.kernel import clock
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import NotFound
from billing.models import Account
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.errors import NoActiveSubscription
from coupons import errors, queries, services
from coupons.models import DiscountType, Redemption

TAGS: Final = ["Coupons"]
REASONS: Final = (
    errors.CouponUnknown,
    errors.CouponInactive,
    errors.CouponExpired,
    errors.CouponExhausted,
    errors.CouponAlreadyRedeemed,
    errors.CouponPlanNotApplicable,
    errors.CouponCurrencyMismatch,
    errors.CouponBelowMinimum,
)


class CodeInput(Input):
    """A code, and who wants to redeem it, for which plan."""

    code = TextField()
    tenantId = IdField()
    planId = TextField(required=False, allow_null=True)


class VerdictSerializer(serializers.Serializer[Any]):
    """Whether it can be redeemed now, and why not."""

    valid = serializers.BooleanField()
    couponId = IdField(allow_null=True)
    discountType = OneOfField(choices=DiscountType.values, allow_null=True)
    discountValue = TextField(allow_null=True)
    reason = OneOfField(choices=[error.code for error in REASONS], allow_null=True)
    message = TextField()


class RedeemInput(Input):
    """A code, and who redeems it, for which subscription: the live one, where none is named."""

    code = TextField()
    tenantId = IdField()
    subscriptionId = IdField(required=False, allow_null=True)


class RedemptionSerializer(serializers.Serializer[Any]):
    """A redemption."""

    redemptionId = IdField()
    couponId = IdField()
    tenantId = IdField()
    subscriptionId = IdField(allow_null=True)
    discountType = OneOfField(choices=DiscountType.values)
    discountValue = TextField()
    redeemedAt = TimeField()


class TenantCouponView(PlatformView):
    """A path that names its tenant in the body."""

    needs: ClassVar = {"POST": Need.MANAGE}

    def tenant(self, given: dict[str, Any]) -> Account:
        return account_for(self.caller, given["tenantId"], self.need)


class ValidateCouponView(TenantCouponView):
    """Whether a code can be redeemed."""

    @extend_schema(
        operation_id="validate_coupon",
        summary="Ask whether a code can be redeemed",
        description="Nothing is redeemed. Letter case and outer spaces of a code do not count. "
        "Without `planId` the plan of the tenant's live subscription is looked at.",
        tags=TAGS,
        request=CodeInput,
        responses={200: VerdictSerializer, **refusals(NotFound)},
    )
    def post(self, request: Request) -> Response:
        given = read(CodeInput, request.data)
        account = self.tenant(given)
        found = queries.verdict(
            account, given["code"], given.get("planId"), now=clock.now_for(account)
        )
        coupon, refusal = found.coupon, found.refusal
        return Response(
            {
                "valid": refusal is None,
                "couponId": str(coupon.id) if coupon else None,
                "discountType": coupon.discount_type if coupon else None,
                "discountValue": format_decimal(coupon.value) if coupon else None,
                "reason": refusal.code if refusal else None,
                "message": str(refusal) if refusal else "The coupon can be redeemed.",
            }
        )


def show_redemption(row: Redemption) -> dict[str, Any]:
    """Write a redemption out."""
    return {
        "redemptionId": str(row.id),
        "couponId": str(row.coupon_id),
        "tenantId": str(row.account_id),
        "subscriptionId": str(row.subscription_id) if row.subscription_id else None,
        "discountType": row.coupon.discount_type,
        "discountValue": format_decimal(row.coupon.value),
        "redeemedAt": format_timestamp(row.redeemed_at),
    }


class RedeemCouponView(TenantCouponView):
    """The redemption of a code."""

    @extend_schema(
        operation_id="redeem_coupon",
        summary="Redeem a coupon",
        description="A discount on the tenant's live subscription, on invoices of periods that "
        "end after now; or credit. Not valid: 409 with the reason as code.",
        tags=TAGS,
        request=RedeemInput,
        responses={
            200: RedemptionSerializer,
            **refusals(NoActiveSubscription, NotFound, *REASONS),
        },
    )
    def post(self, request: Request) -> Response:
        given = read(RedeemInput, request.data)
        account = self.tenant(given)
        now = clock.now_for(account)
        catch_up(account, now=now)
        return self.answer(
            services.redeem_coupon,
            show_redemption,
            account_id=account.id,
            code=given["code"],
            subscription_id=given.get("subscriptionId"),
            now=now,
        )
