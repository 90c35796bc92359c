"""Taking over a subscription that ran elsewhere: with its anchor, in the middle of a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from billing.accounts import audit
from billing.accounts.models import Account, LockedAccount
from billing.catalog.models import PlanVersion
from billing.kernel.errors import AlreadyExists
from billing.kernel.periods import Interval, index_of
from billing.kernel.services import service
from billing.kernel.zones import zone
from billing.metering.rebuild import lock_timeline_exclusive
from billing.subscriptions import advancing, periods
from billing.subscriptions.changing import require_sellable
from billing.subscriptions.models import Subscription, SubscriptionStatus
from billing.subscriptions.segments import open_segment
from billing.subscriptions.services import insert
from billing.subscriptions.telling import tell

ZONE: Final = "UTC"
"""Where elsewhere counts its periods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A subscription as it runs elsewhere. `trial_end`: it is still on trial until then."""

    reference: str
    anchor: datetime
    period_start: datetime
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False


@service
def adopt_subscription(
    *, account_id: UUID, version_id: UUID, elsewhere: Elsewhere, now: datetime
) -> Subscription:
    """Go on with it here, under its own anchor. The period that runs was paid there: it has no
    fee here; the next one has.

    Again with the same reference: the one that is there. Raises AlreadyExists where another one
    lives, PlanNotActive, CurrencyMismatch.
    """
    account = Account.objects.lock(account_id)
    rows = Subscription.objects.filter(account=account)
    known = rows.filter(stripe_subscription_id=elsewhere.reference).first()
    if known is not None:
        return known
    if rows.live().exists():
        raise AlreadyExists(what="this tenant's live subscription")
    version = PlanVersion.objects.select_related("plan").get(pk=version_id)
    require_sellable(version, account)
    subscription = _written(account, version, elsewhere, now=now)
    if subscription.trial_end_at is not None:
        advancing.begin(subscription, now=now)
    else:
        _begin_midway(subscription, version, elsewhere, now=now)
    audit.record(
        action="subscription.adopted",
        account_id=account.id,
        subject=subscription.id,
        after={"plan": version.plan.code, "reference": elsewhere.reference},
        now=now,
    )
    return subscription


def _written(
    account: LockedAccount, version: PlanVersion, elsewhere: Elsewhere, *, now: datetime
) -> Subscription:
    subscription = Subscription(
        account=account,
        plan_version=version,
        status=SubscriptionStatus.INCOMPLETE,
        timezone=ZONE,
        started_at=elsewhere.period_start,
        anchor_at=elsewhere.trial_end or elsewhere.anchor,
        trial_end_at=elsewhere.trial_end,
        cancel_at_period_end=elsewhere.cancel_at_period_end,
        cancelled_at=now if elsewhere.cancel_at_period_end else None,
        stripe_subscription_id=elsewhere.reference,
        due_at=elsewhere.period_start,
        created_at=now,
        updated_at=now,
    )
    insert(subscription)
    tell(subscription, "created", now=now)
    return subscription


def _begin_midway(
    subscription: Subscription, version: PlanVersion, elsewhere: Elsewhere, *, now: datetime
) -> None:
    lock_timeline_exclusive(subscription.account_id)
    subscription.begin()
    index = index_of(
        anchor=subscription.anchor_at,
        zone=zone(subscription.timezone),
        interval=Interval(version.interval),
        instant=elsewhere.period_start,
    )
    stretch = periods.paid_period(subscription, version, index)
    opened = periods.open_period(subscription, stretch, sequence=0, index=index)
    open_segment(subscription, version, at=stretch.start)
    advancing.settle(subscription, opened, now=now)
    tell(subscription, "started", now=now)
