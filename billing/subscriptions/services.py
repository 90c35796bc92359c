"""A subscription's life: it is created, it begins, its periods follow one another."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from billing.accounts import audit
from billing.accounts.models import Account, LockedAccount
from billing.catalog.models import PlanVersion
from billing.catalog.queries import version_of
from billing.kernel.errors import AlreadyExists
from billing.kernel.services import service
from billing.metering.rebuild import lock_timeline_exclusive, rebuild
from billing.subscriptions import periods
from billing.subscriptions.errors import CouponUnknown, CurrencyMismatch, PlanNotActive
from billing.subscriptions.models import (
    Segment,
    Subscription,
    SubscriptionPeriod,
    SubscriptionStatus,
    TrialUse,
)

CATCH_UP_LIMIT: Final = 64
"""Periods that a start in the past opens at once; the run opens the rest."""


@service
def create_subscription(  # noqa: PLR0913  the fields of the request, by name
    *,
    account_id: UUID,
    plan_ref: str,
    start_at: datetime | None = None,
    trial_days: int | None = None,
    timezone: str | None = None,
    coupon_code: str | None = None,
    stripe_customer_id: str | None = None,
    now: datetime,
) -> Subscription:
    """Subscribe an account to a plan's newest version, or to the version that is named.

    `start_at` is now by default; in the past, the periods since are caught up by the run; in the
    future, the subscription is INCOMPLETE until then. `trial_days` overrides the plan's trial,
    which a customer gets once. Raises NotFound, PlanNotActive, CurrencyMismatch, AlreadyExists.
    """
    account = Account.objects.lock(account_id)
    version = version_of(plan_ref)
    if coupon_code is not None:
        raise CouponUnknown
    subscription = add_subscription(
        account, version, start_at=start_at, trial_days=trial_days, timezone=timezone, now=now
    )
    _link(account, stripe_customer_id)
    return subscription


def add_subscription(
    account: LockedAccount,
    version: PlanVersion,
    *,
    start_at: datetime | None = None,
    trial_days: int | None = None,
    timezone: str | None = None,
    now: datetime,
) -> Subscription:
    """Subscribe within the caller's transaction, as `create_subscription` does.

    Raises PlanNotActive, CurrencyMismatch, AlreadyExists.
    """
    _require_sellable(version, account)
    if Subscription.objects.live().filter(account=account).exists():
        raise AlreadyExists(what="this tenant's live subscription")
    start = start_at or now
    zone_name = timezone or account.timezone
    days = _trial_days(account, version, trial_days, now=now)
    ends = periods.trial_end(start, zone_name, days) if days else None
    subscription = Subscription(
        account=account,
        plan_version=version,
        status=SubscriptionStatus.INCOMPLETE,
        timezone=zone_name,
        started_at=start,
        anchor_at=ends or start,
        trial_end_at=ends,
        due_at=start,
        created_at=now,
        updated_at=now,
    )
    _insert(subscription)
    for _ in range(CATCH_UP_LIMIT):
        advance_subscription(subscription, now=now)
    _record_creation(subscription, version, now=now)
    return subscription


def _link(account: LockedAccount, stripe_customer_id: str | None) -> None:
    if stripe_customer_id:
        account.stripe_customer_id = stripe_customer_id
        account.save(update_fields=["stripe_customer_id"])


def _record_creation(subscription: Subscription, version: PlanVersion, *, now: datetime) -> None:
    plan, status = version.plan.code, subscription.status
    audit.record(
        action="subscription.created",
        account_id=subscription.account_id,
        subject=subscription.id,
        after={"plan": plan, "version": version.version, "status": status},
        now=now,
    )


def _require_sellable(version: PlanVersion, account: LockedAccount) -> None:
    if not version.plan.is_active:
        raise PlanNotActive(plan=version.plan.code)
    if version.currency != account.currency:
        raise CurrencyMismatch(plan=version.currency, tenant=account.currency)


def _trial_days(
    account: LockedAccount, version: PlanVersion, given: int | None, *, now: datetime
) -> int:
    """Return the trial's length. A plan's own trial is given once per customer."""
    if given is not None:
        return given
    if not version.trial_days:
        return 0
    _, is_first = TrialUse.objects.get_or_create(
        account_id=account.customer_id or account.id, plan=version.plan, defaults={"used_at": now}
    )
    return version.trial_days if is_first else 0


def _insert(subscription: Subscription) -> None:
    """Write it; the database holds that an account has one live subscription."""
    try:
        with transaction.atomic():
            subscription.save(force_insert=True)
    except IntegrityError as error:
        if "subscription_one_live_per_account" not in str(error):
            raise
        raise AlreadyExists(what="this tenant's live subscription") from None


def _begin(subscription: Subscription, *, now: datetime) -> None:
    """Leave INCOMPLETE: the first period and segment open, and usage since then is theirs."""
    lock_timeline_exclusive(subscription.account_id)
    subscription.begin()
    first = periods.open_first(subscription)
    Segment.objects.create(
        account_id=subscription.account_id,
        subscription=subscription,
        plan_version=subscription.plan_version,
        start_at=subscription.started_at,
    )
    _settle(subscription, first, now=now)


def advance_subscription(subscription: Subscription, *, now: datetime) -> None:
    """Take the one step that is due by `now`; the caller holds the account's lock.

    One period at a time: after a standstill it is called again until nothing is due.
    """
    if subscription.due_at is None or subscription.due_at > now:
        return
    if subscription.status == SubscriptionStatus.INCOMPLETE:
        _begin(subscription, now=now)
        return
    lock_timeline_exclusive(subscription.account_id)
    current = current_period(subscription)
    if current.is_trial and subscription.status == SubscriptionStatus.TRIALING:
        subscription.end_trial()
    following = periods.open_next(current, subscription)
    _settle(subscription, following, now=now)


def _settle(subscription: Subscription, opened: SubscriptionPeriod, *, now: datetime) -> None:
    subscription.due_at = opened.end_at
    subscription.updated_at = now
    subscription.save()
    rebuild(subscription.account_id, opened.start_at, opened.end_at)


def current_period(subscription: Subscription) -> SubscriptionPeriod:
    """Return the newest period: the open one, once the run has caught up."""
    newest = (
        SubscriptionPeriod.objects.filter(subscription=subscription).order_by("-sequence").first()
    )
    assert newest is not None, f"{subscription} has begun without a period"
    return newest
