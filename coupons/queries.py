"""Reads over coupons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from billing.catalog.queries import version_of
from billing.kernel.errors import NotFound
from billing.models import Account, PlanVersion, Subscription
from coupons import rules
from coupons.errors import CouponRefused
from coupons.models import Coupon


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a tenant can redeem a code now, and why not."""

    coupon: Coupon | None
    refusal: CouponRefused | None


def shown() -> QuerySet[Coupon]:
    """Return coupons with the plans that they are for: two queries."""
    return Coupon.objects.prefetch_related("applicable_plans")


def coupon_of(coupon_id: UUID) -> Coupon:
    """Return a coupon. Raises NotFound."""
    found = shown().filter(pk=coupon_id).first()
    if found is None:
        raise NotFound(noun="coupon")
    return found


def verdict(account: Account, code: str, plan_ref: str | None, *, now: datetime) -> Verdict:
    """Say whether the tenant can redeem a code for a plan: its live one, where none is named.

    Raises NotFound for a plan that is not there.
    """
    version = _version(account, plan_ref)
    coupon = None
    try:
        coupon = rules.found(code)
        rules.require_redeemable(coupon, account, version, now=now)
    except CouponRefused as refusal:
        return Verdict(coupon, refusal)
    return Verdict(coupon, None)


def _version(account: Account, plan_ref: str | None) -> PlanVersion | None:
    if plan_ref is not None:
        return version_of(plan_ref)
    live = Subscription.objects.live().select_related("plan_version__plan").filter(account=account)
    found = live.first()
    return found.plan_version if found else None
