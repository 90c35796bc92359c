"""A subscription is created. What follows is in `advancing`, `changing`, `pausing`, `ending`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from billing.accounts import audit
from billing.accounts.models import Account, LockedAccount
from billing.catalog.models import PlanVersion
from billing.catalog.queries import version_of
from billing.kernel.errors import AlreadyExists
from billing.kernel.services import service
from billing.subscriptions import periods
from billing.subscriptions.acting import CATCH_UP_LIMIT
from billing.subscriptions.advancing import advance_subscription
from billing.subscriptions.changing import require_sellable
from billing.subscriptions.fee_models import TrialUse
from billing.subscriptions.models import Subscription, SubscriptionStatus
from billing.subscriptions.telling import tell


class Redeem(Protocol):
    """Redeems a coupon in the transaction that makes a subscription."""

    def __call__(
        self, account: LockedAccount, subscription: Subscription, code: str, *, now: datetime
    ) -> object: ...


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
    which a customer gets once. A coupon holds from the first invoice on. Raises NotFound,
    PlanNotActive, CurrencyMismatch, AlreadyExists, and why a coupon is refused.
    """
    account = Account.objects.lock(account_id)
    version = version_of(plan_ref)
    subscription = add_subscription(
        account,
        version,
        start_at=start_at,
        trial_days=trial_days,
        timezone=timezone,
        coupon_code=coupon_code,
        now=now,
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
    coupon_code: str | None = None,
    now: datetime,
) -> Subscription:
    """Subscribe within the caller's transaction, as `create_subscription` does.

    Raises PlanNotActive, CurrencyMismatch, AlreadyExists, and why a coupon is refused.
    """
    require_sellable(version, account)
    if Subscription.objects.live().filter(account=account).exists():
        raise AlreadyExists(what="this tenant's live subscription")
    start = start_at or now.replace(microsecond=0)
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
    insert(subscription)
    tell(subscription, "created", now=now)
    _redeem(account, subscription, coupon_code, now=now)
    for _ in range(CATCH_UP_LIMIT):
        advance_subscription(subscription, now=now)
    _record_creation(subscription, version, now=now)
    return subscription


def _redeem(
    account: LockedAccount, subscription: Subscription, code: str | None, *, now: datetime
) -> None:
    if code is not None:
        redeem: Redeem = import_string(settings.BILLING_COUPONS)
        redeem(account, subscription, code, now=now)


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


def insert(subscription: Subscription) -> None:
    """Write it; the database holds that an account has one live subscription."""
    try:
        with transaction.atomic():
            subscription.save(force_insert=True)
    except IntegrityError as error:
        if "subscription_one_live_per_account" not in str(error):
            raise
        raise AlreadyExists(what="this tenant's live subscription") from None
