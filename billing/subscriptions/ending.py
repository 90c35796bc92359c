"""A subscription is cancelled, at once or with its period, and comes back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.kernel.errors import InvalidTransition
from billing.kernel.periods import Period
from billing.kernel.services import service
from billing.metering.rebuild import lock_timeline_exclusive
from billing.subscriptions import advancing, fee_items, periods
from billing.subscriptions.acting import begin_action, finish, state_of
from billing.subscriptions.fee_models import FeeItem
from billing.subscriptions.models import Subscription, SubscriptionPeriod, SubscriptionStatus
from billing.subscriptions.segments import open_segment

S = SubscriptionStatus


@service
def cancel_subscription(
    *,
    account_id: UUID,
    subscription_id: UUID,
    immediately: bool = False,
    reason: str = "",
    now: datetime,
) -> Subscription:
    """Cancel at the period's end, or at once: then its last invoice is due for what is owed.

    One that has not begun ends at once either way. Raises NotFound, InvalidTransition.
    """
    acting = begin_action(account_id=account_id, subscription_id=subscription_id, now=now)
    subscription = acting.subscription
    subscription.require_live(to=S.CANCELLED)
    before = state_of(subscription)
    subscription.cancelled_at = acting.at
    subscription.cancellation_reason = reason
    if subscription.status == S.INCOMPLETE:
        subscription.cancel(at=acting.at)
    elif immediately:
        lock_timeline_exclusive(subscription.account_id)
        current = periods.newest_period(subscription)
        at = max(acting.at, current.start_at)
        advancing.close_period(subscription, current, at=at, now=now)
        advancing.end(subscription, current, at=at, now=now)
    else:
        subscription.cancel_at_period_end = True
    return finish(subscription, "cancelled", before, now=now)


@service
def reactivate_subscription(
    *, account_id: UUID, subscription_id: UUID, now: datetime
) -> Subscription:
    """Take a pending cancellation back, or revive what ended within a period that was paid.

    The revived one has the rest of that period, and is charged for it by the second. Raises
    NotFound; InvalidTransition where nothing is pending, the period is over, or another
    subscription is live.
    """
    acting = begin_action(account_id=account_id, subscription_id=subscription_id, now=now)
    subscription = acting.subscription
    before = state_of(subscription)
    if subscription.status == S.CANCELLED:
        _revive(subscription, at=acting.at, now=now)
    elif subscription.cancel_at_period_end:
        subscription.cancel_at_period_end = False
        subscription.cancelled_at = None
        subscription.cancellation_reason = ""
    else:
        raise InvalidTransition(noun="subscription", current=subscription.status, target=S.ACTIVE)
    return finish(subscription, "reactivated", before, now=now)


def _revive(subscription: Subscription, *, at: datetime, now: datetime) -> None:
    last = (
        SubscriptionPeriod.objects.filter(subscription=subscription).order_by("-sequence").first()
    )
    others = Subscription.objects.live().filter(account_id=subscription.account_id)
    if last is None or at >= last.full_end_at or others.exists():
        raise InvalidTransition(noun="subscription", current=S.CANCELLED, target=S.ACTIVE)
    at = max(at, last.end_at)
    lock_timeline_exclusive(subscription.account_id)
    subscription.revive(at=at)
    rest = periods.open_period(
        subscription,
        Period(at, last.full_end_at),
        sequence=last.sequence + 1,
        index=last.index,
        whole=Period(last.full_start_at, last.full_end_at),
    )
    open_segment(subscription, subscription.plan_version, at=at)
    if not rest.is_trial:
        _charge_rest(subscription, rest, now=now)
    advancing.settle(subscription, rest, now=now)


def _charge_rest(subscription: Subscription, rest: SubscriptionPeriod, *, now: datetime) -> None:
    if subscription.plan_version.pay_in_advance:
        fee_items.charge(
            subscription, rest, at=rest.start_at, reason=FeeItem.Reason.REACTIVATE, now=now
        )
    else:
        advancing.open_fee(subscription, rest, None, now=now)
