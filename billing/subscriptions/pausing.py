"""A pause: no fee accrues, by the second; usage that comes in all the same is charged."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.kernel.errors import InvalidTransition
from billing.kernel.services import service
from billing.subscriptions import fee_items, periods
from billing.subscriptions.acting import begin_action, finish, state_of
from billing.subscriptions.fee_models import FeeItem, SubscriptionPause
from billing.subscriptions.models import Subscription, SubscriptionPeriod, SubscriptionStatus

Reason = FeeItem.Reason


@service
def pause_subscription(*, account_id: UUID, subscription_id: UUID, now: datetime) -> Subscription:
    """Pause. Of a fee that was paid in advance the rest is given back, until the resumption.

    The trial's clock and the periods go on. Raises NotFound, InvalidTransition.
    """
    acting = begin_action(account_id=account_id, subscription_id=subscription_id, now=now)
    subscription, at = acting.subscription, acting.at
    before = state_of(subscription)
    subscription.pause(at=at)
    SubscriptionPause.objects.create(account=acting.account, subscription=subscription, start_at=at)
    current = periods.newest_period(subscription)
    item = fee_items.in_force(current)
    if item is not None and not fee_items.shrinks(item, current):
        fee_items.credit(item, at=at, reason=Reason.PAUSE, period=current, now=now)
    return finish(subscription, "paused", before, now=now)


@service
def resume_subscription(*, account_id: UUID, subscription_id: UUID, now: datetime) -> Subscription:
    """Resume. A fee that waited, since its period began in the pause, is charged for the rest.

    Raises NotFound, InvalidTransition for one that is not paused.
    """
    acting = begin_action(account_id=account_id, subscription_id=subscription_id, now=now)
    subscription, at = acting.subscription, acting.at
    before = state_of(subscription)
    if subscription.status != SubscriptionStatus.PAUSED:
        raise InvalidTransition(
            noun="subscription", current=subscription.status, target=SubscriptionStatus.ACTIVE
        )
    subscription.resume(at=at)
    SubscriptionPause.objects.filter(subscription=subscription, end_at__isnull=True).update(
        end_at=at
    )
    _run_the_fee_again(subscription, periods.newest_period(subscription), at=at, now=now)
    return finish(subscription, "resumed", before, now=now)


def _run_the_fee_again(
    subscription: Subscription, current: SubscriptionPeriod, *, at: datetime, now: datetime
) -> None:
    if current.is_trial:
        return
    at = max(at, current.start_at)
    has_credit = fee_items.open_pause_credit(current) is not None
    waited = fee_items.in_force(current) is None
    was_invoiced = has_credit and not fee_items.end_pause_credit(current, at=at)
    if waited or was_invoiced:
        version = current.waiting_version if waited else None
        fee_items.charge(
            subscription, current, at=at, reason=Reason.RESUME, version=version, now=now
        )
