"""Coupons and promotion codes become coupons, under their codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.kernel.errors import AlreadyExists, BillingError
from billing.stripe.amounts import from_stripe
from coupons.models import Coupon, DiscountType
from coupons.rules import code_key
from coupons.services import CouponDraft, create_coupon
from paying.importing.rows import Outcome, Row


def take_coupon(coupon: Mapping[str, Any], *, now: datetime, dry: bool) -> Row:
    """Take over a coupon, under its id, which is what is typed in where there is no other code."""
    return _take("coupon", str(coupon["id"]), str(coupon["id"]), coupon, {}, now=now, dry=dry)


def take_code(
    code: Mapping[str, Any], coupon: Mapping[str, Any] | None, *, now: datetime, dry: bool
) -> Row:
    """Take over a promotion code: its coupon's terms, its own limits."""
    name = str(code["id"])
    if coupon is None:
        return Row("promotion_code", name, Outcome.LEFT, "its coupon is gone")
    if not code["active"]:
        return Row("promotion_code", name, Outcome.LEFT, "it is not active")
    if code.get("customer"):
        return Row("promotion_code", name, Outcome.LEFT, "it is for one customer alone")
    return _take("promotion_code", name, str(code["code"]), coupon, code, now=now, dry=dry)


def _take(
    kind: str,
    name: str,
    code: str,
    coupon: Mapping[str, Any],
    own: Mapping[str, Any],
    *,
    now: datetime,
    dry: bool,
) -> Row:
    if Coupon.objects.filter(code_key=code_key(code)).exists():
        return Row(kind, name, Outcome.KEPT)
    reason = _problem(coupon, own)
    if reason:
        return Row(kind, name, Outcome.LEFT, reason)
    if dry:
        return Row(kind, name, Outcome.MADE)
    try:
        create_coupon(draft=_draft(code, coupon, own), now=now)
    except AlreadyExists:
        return Row(kind, name, Outcome.KEPT)
    except BillingError as error:
        return Row(kind, name, Outcome.LEFT, str(error))
    return Row(kind, name, Outcome.MADE, _note(coupon))


def _problem(coupon: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    if not coupon.get("valid", True):
        return "it is no longer valid"
    if (coupon.get("applies_to") or {}).get("products"):
        return "it is for some products alone"
    if _left(coupon, own) == 0:
        return "all of it is redeemed"
    return ""


def _left(coupon: Mapping[str, Any], own: Mapping[str, Any]) -> int | None:
    """Return how often it may still be redeemed; None: as often as one likes."""
    limits = [
        one["max_redemptions"] - one["times_redeemed"]
        for one in (coupon, own)
        if one.get("max_redemptions") is not None
    ]
    return max(0, min(limits)) if limits else None


def _draft(code: str, coupon: Mapping[str, Any], own: Mapping[str, Any]) -> CouponDraft:
    percent, amount = coupon.get("percent_off"), coupon.get("amount_off")
    money = None if amount is None else from_stripe(amount, coupon["currency"])
    ends = [one for one in (coupon.get("redeem_by"), own.get("expires_at")) if one]
    months = {"once": 1, "forever": None}
    return CouponDraft(
        code=code,
        description=str(coupon.get("name") or "")[:255],
        discount_type=DiscountType.PERCENTAGE if money is None else DiscountType.FIXED_AMOUNT,
        value=Decimal(str(percent)) if money is None else Decimal(money.amount),
        currency="" if money is None else money.currency,
        duration_months=months.get(coupon["duration"], coupon.get("duration_in_months")),
        max_redemptions=_left(coupon, own),
        expires_at=datetime.fromtimestamp(min(ends), UTC) if ends else None,
    )


def _note(coupon: Mapping[str, Any]) -> str:
    return "once at Stripe is a month here" if coupon["duration"] == "once" else ""
