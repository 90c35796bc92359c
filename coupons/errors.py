"""Why a coupon can't be redeemed. The codes are the contract's reasons."""

from __future__ import annotations

from typing import ClassVar

from billing.kernel.errors import BillingError, Kind


class CouponRefused(BillingError):
    """A coupon that is not valid for this tenant; the subclasses say why."""

    kind: ClassVar[Kind] = Kind.CONFLICT


class CouponUnknown(CouponRefused):
    code = "UNKNOWN"
    message = "There is no such coupon."


class CouponInactive(CouponRefused):
    code = "INACTIVE"
    message = "This coupon is not offered any more."


class CouponExpired(CouponRefused):
    code = "EXPIRED"
    message = "This coupon has expired."


class CouponExhausted(CouponRefused):
    code = "EXHAUSTED"
    message = "This coupon was redeemed as often as it can be."


class CouponAlreadyRedeemed(CouponRefused):
    code = "ALREADY_REDEEMED"
    message = "This tenant has redeemed the coupon as often as it may."


class CouponPlanNotApplicable(CouponRefused):
    code = "PLAN_NOT_APPLICABLE"
    message = "This coupon is for other plans than {plan}."


class CouponCurrencyMismatch(CouponRefused):
    code = "CURRENCY_MISMATCH"
    message = "This coupon is in {coupon}, the tenant pays in {tenant}."


class CouponBelowMinimum(CouponRefused):
    code = "BELOW_MINIMUM"
    message = "This coupon takes a plan of at least {minimum}, this one costs {price}."
