"""Whether a coupon can be redeemed: the one set of rules for validating and redeeming."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.kernel.decimals import format_decimal
from billing.kernel.money import Money
from billing.models import Account, PlanVersion
from coupons import errors
from coupons.models import Coupon, Redemption


def code_key(code: str) -> str:
    """Return what two spellings of a code share: letter case and outer spaces do not count."""
    return code.strip().casefold()


def found(code: str) -> Coupon:
    """Return the coupon with a code. Raises CouponUnknown."""
    coupon = Coupon.objects.filter(code_key=code_key(code)).first()
    if coupon is None:
        raise errors.CouponUnknown
    return coupon


def require_redeemable(
    coupon: Coupon, account: Account, version: PlanVersion | None, *, now: datetime
) -> None:
    """Raise the first reason, in the contract's order, why the tenant can't redeem the coupon now.

    `version` is what the tenant pays for; without one, rules about plans are not looked at.
    """
    if not coupon.is_active:
        raise errors.CouponInactive
    if coupon.expires_at is not None and coupon.expires_at <= now:
        raise errors.CouponExpired
    if coupon.max_redemptions is not None and coupon.current_redemptions >= coupon.max_redemptions:
        raise errors.CouponExhausted
    most = coupon.max_redemptions_per_tenant
    if most is not None and redemptions_of(coupon.id, account.id) >= most:
        raise errors.CouponAlreadyRedeemed
    if version is not None:
        _require_plan(coupon, version)
    if coupon.currency and coupon.currency != account.currency:
        raise errors.CouponCurrencyMismatch(coupon=coupon.currency, tenant=account.currency)
    if version is not None:
        _require_minimum(coupon, version)


def redemptions_of(coupon_id: UUID, account_id: UUID) -> int:
    """Return how often a tenant has redeemed a coupon."""
    return Redemption.objects.filter(coupon_id=coupon_id, account_id=account_id).count()


def _require_plan(coupon: Coupon, version: PlanVersion) -> None:
    plans = set(coupon.applicable_plans.values_list("pk", flat=True))
    if plans and version.plan_id not in plans:
        raise errors.CouponPlanNotApplicable(plan=version.plan.code)


def _require_minimum(coupon: Coupon, version: PlanVersion) -> None:
    price = Money(version.price_minor, version.currency)
    if coupon.minimum_amount is not None and price.major < coupon.minimum_amount:
        minimum = format_decimal(coupon.minimum_amount)
        raise errors.CouponBelowMinimum(minimum=minimum, price=price.amount)
