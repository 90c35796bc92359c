"""Coupons: made, taken off the offer, redeemed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Min

from billing.accounts import audit
from billing.catalog.queries import version_of
from billing.credits import ledger
from billing.kernel.constraints import refusing
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import AlreadyExists, NotFound, invalid
from billing.kernel.money import LARGEST_GIVEN, parse_amount
from billing.kernel.services import service
from billing.models import Account, LockedAccount, Subscription, TestClock
from billing.subscriptions.discounting import DiscountTerms, add_discount
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.fee_models import MOST_MONTHS
from coupons import rules
from coupons.errors import CouponExhausted
from coupons.models import Coupon, DiscountType, Redemption


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponDraft:
    """A coupon as somebody wants it. Amounts in major units; `plans` are ids or codes."""

    code: str
    discount_type: str
    value: Decimal
    description: str = ""
    currency: str = ""
    duration_months: int | None = None
    max_redemptions: int | None = None
    max_redemptions_per_tenant: int | None = 1
    expires_at: datetime | None = None
    plans: Sequence[str] = ()
    minimum_amount: Decimal | None = None


@service
def create_coupon(*, draft: CouponDraft, now: datetime) -> Coupon:
    """Make a coupon. Raises AlreadyExists for a taken code, InvalidRequest, NotFound for a plan."""
    _check(draft, now=now)
    plans = [version_of(reference).plan for reference in draft.plans]
    coupon = Coupon(
        code=draft.code,
        code_key=rules.code_key(draft.code),
        description=draft.description,
        discount_type=draft.discount_type,
        value=draft.value,
        currency=draft.currency,
        duration_months=draft.duration_months,
        max_redemptions=draft.max_redemptions,
        max_redemptions_per_tenant=draft.max_redemptions_per_tenant,
        expires_at=draft.expires_at,
        minimum_amount=draft.minimum_amount,
        created_at=now,
    )
    with refusing(coupons_coupon_code_key_key=AlreadyExists(what=f"the coupon {draft.code}")):
        coupon.save(force_insert=True)
    coupon.applicable_plans.set(plans)
    audit.record(action="coupon.created", subject=coupon.code, after=_state(coupon), now=now)
    return coupon


def _check(draft: CouponDraft, *, now: datetime) -> None:
    if draft.discount_type == DiscountType.PERCENTAGE:
        if not 0 < draft.value <= 100:
            raise invalid("discountValue", "must be a percentage above 0, at most 100")
    else:
        _check_amount("discountValue", draft.value, draft.currency)
    if draft.discount_type == DiscountType.CREDIT and draft.duration_months is not None:
        raise invalid("durationMonths", "does not go with CREDIT, which is granted once")
    _check_counts(draft)
    if draft.minimum_amount is not None and draft.currency:
        _check_amount("minimumAmount", draft.minimum_amount, draft.currency, least=0)
    if draft.expires_at is not None and draft.expires_at <= _earliest(now):
        raise invalid("expiresAt", "must be in the future")


def _earliest(now: datetime) -> datetime:
    """Return the earliest time that a tenant may live in: some are on test clocks."""
    earliest = TestClock.objects.aggregate(at=Min("frozen_time"))["at"]
    return now if earliest is None else min(now, earliest)


def _check_counts(draft: CouponDraft) -> None:
    months = draft.duration_months
    if months is not None and not 1 <= months <= MOST_MONTHS:
        raise invalid("durationMonths", f"must be from 1 to {MOST_MONTHS}")
    counts = {
        "maxRedemptions": draft.max_redemptions,
        "maxRedemptionsPerTenant": draft.max_redemptions_per_tenant,
    }
    for field, most in counts.items():
        if most is not None and most < 1:
            raise invalid(field, "must be at least 1")


def _check_amount(field: str, value: Decimal, currency: str, *, least: int = 1) -> None:
    if not currency:
        raise invalid("currency", "is required for an amount")
    try:
        minor = parse_amount(value, currency).minor
    except ValueError as error:
        raise invalid(field, f"{error} in {currency}") from None
    if minor < least:
        raise invalid(field, "must be above zero" if least else "must not be negative")
    if value > LARGEST_GIVEN:
        raise invalid(field, f"must be at most {LARGEST_GIVEN}")


@service
def deactivate_coupon(*, coupon_id: UUID, now: datetime) -> Coupon:
    """Take a coupon off the offer; what was redeemed stays. Again: nothing changes."""
    coupon = Coupon.objects.select_for_update(no_key=True).filter(pk=coupon_id).first()
    if coupon is None:
        raise NotFound(noun="coupon")
    if coupon.is_active:
        coupon.is_active = False
        coupon.save(update_fields=["is_active"])
        audit.record(action="coupon.deactivated", subject=coupon.code, now=now)
    return coupon


@service
def redeem_coupon(
    *, account_id: UUID, code: str, subscription_id: UUID | None = None, now: datetime
) -> Redemption:
    """Redeem for a tenant: a discount on its live subscription, or on the one named, or credit.

    Raises CouponRefused (its subclasses are the reasons), NotFound, NoActiveSubscription.
    """
    account = Account.objects.lock(account_id)
    coupon = rules.found(code)
    subscription = _subscription(account, subscription_id)
    if subscription is None and coupon.discount_type != DiscountType.CREDIT:
        version = None
        rules.require_redeemable(coupon, account, version, now=now)
        raise NoActiveSubscription
    return redeem_for(account, subscription, coupon, effective_at=now, now=now)


def _subscription(account: LockedAccount, subscription_id: UUID | None) -> Subscription | None:
    live = Subscription.objects.live().select_related("plan_version__plan").filter(account=account)
    if subscription_id is None:
        return live.first()
    found = live.filter(pk=subscription_id).first()
    if found is None:
        raise NotFound(noun="live subscription")
    return found


def redeem_with_subscription(
    account: LockedAccount, subscription: Subscription, code: str, *, now: datetime
) -> Redemption:
    """Redeem in the transaction that makes a subscription: it holds from the start on.

    (Named by the setting BILLING_COUPONS.) Raises CouponRefused.
    """
    coupon = rules.found(code)
    return redeem_for(account, subscription, coupon, effective_at=subscription.started_at, now=now)


def redeem_for(
    account: LockedAccount,
    subscription: Subscription | None,
    coupon: Coupon,
    *,
    effective_at: datetime,
    now: datetime,
) -> Redemption:
    """Redeem under the account's lock; the coupon's row holds how often, whoever else redeems."""
    version = subscription.plan_version if subscription else None
    rules.require_redeemable(coupon, account, version, now=now)
    counted = Coupon.objects.filter(pk=coupon.pk, is_active=True)
    if coupon.max_redemptions is not None:
        counted = counted.filter(current_redemptions__lt=F("max_redemptions"))
    if not counted.update(current_redemptions=F("current_redemptions") + 1):
        coupon.refresh_from_db()
        rules.require_redeemable(coupon, account, version, now=now)
        raise CouponExhausted
    redemption = Redemption.objects.create(
        coupon=coupon,
        account=account,
        subscription=subscription,
        number=rules.redemptions_of(coupon.id, account.id) + 1,
        redeemed_at=now,
    )
    _take_effect(account, subscription, redemption, effective_at=effective_at, now=now)
    audit.record(
        action="coupon.redeemed",
        account_id=account.id,
        subject=coupon.code,
        after={"redemption": str(redemption.id)},
        now=now,
    )
    return redemption


def _take_effect(
    account: LockedAccount,
    subscription: Subscription | None,
    redemption: Redemption,
    *,
    effective_at: datetime,
    now: datetime,
) -> None:
    coupon = redemption.coupon
    if coupon.discount_type == DiscountType.CREDIT:
        minor = parse_amount(plain(coupon.value), coupon.currency).minor
        ledger.grant(account, amount_minor=minor, reason=f"Coupon {coupon.code}", now=now)
        return
    assert subscription is not None, "a discount is on a subscription"
    is_percentage = coupon.discount_type == DiscountType.PERCENTAGE
    terms = DiscountTerms(
        percent=coupon.value if is_percentage else None,
        amount_minor=None
        if is_percentage
        else parse_amount(plain(coupon.value), coupon.currency).minor,
        duration_months=coupon.duration_months,
        code=coupon.code,
        source_id=redemption.id,
    )
    add_discount(account, subscription, terms, effective_at=effective_at, now=now)


def plain(value: Decimal) -> Decimal:
    """Drop zeros at the end, so that an amount is read with its currency's decimals."""
    return Decimal(format_decimal(value))


def _state(coupon: Coupon) -> dict[str, Any]:
    return {
        "type": coupon.discount_type,
        "value": format_decimal(coupon.value),
        "currency": coupon.currency,
        "maxRedemptions": coupon.max_redemptions,
    }
