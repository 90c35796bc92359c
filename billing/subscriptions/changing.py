"""Another plan: at once, with the fee split by the second, or from the next period on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from billing.accounts.models import LockedAccount
from billing.catalog.models import PlanVersion
from billing.catalog.queries import version_of
from billing.kernel.services import service
from billing.metering.rebuild import lock_timeline_exclusive, rebuild
from billing.subscriptions import advancing, fee_items, periods
from billing.subscriptions.acting import begin_action, finish, state_of
from billing.subscriptions.errors import CurrencyMismatch, PlanNotActive
from billing.subscriptions.fee_models import FeeItem
from billing.subscriptions.models import Subscription, SubscriptionPeriod, SubscriptionStatus
from billing.subscriptions.segments import end_segment, open_segment

Reason = FeeItem.Reason


class When(StrEnum):
    NOW = "NOW"
    PERIOD_END = "PERIOD_END"


@service
def change_plan(
    *,
    account_id: UUID,
    subscription_id: UUID,
    plan_ref: str,
    when: When,
    prorate: bool = True,
    now: datetime,
) -> Subscription:
    """Put a subscription on another plan's newest version, or on the version that is named.

    NOW: usage from this second on has the new prices; the fee is split by the second, unless
    `prorate` is false: then the old one stays until the period's end. To another interval the
    period closes as by an immediate cancellation, and a new one begins. PERIOD_END: from the next
    period on; the plan that is held already takes a pending change back. Raises NotFound,
    PlanNotActive, CurrencyMismatch, InvalidTransition.
    """
    acting = begin_action(account_id=account_id, subscription_id=subscription_id, now=now)
    subscription = acting.subscription
    subscription.require_live(to=SubscriptionStatus.ACTIVE)
    version = version_of(plan_ref)
    require_sellable(version, acting.account)
    before = state_of(subscription)
    is_held = version.pk == subscription.plan_version_id
    if when is When.PERIOD_END and subscription.status != SubscriptionStatus.INCOMPLETE:
        subscription.pending_plan_version = None if is_held else version
    else:
        subscription.pending_plan_version = None
        if not is_held:
            _change_now(subscription, version, at=acting.at, prorate=prorate, now=now)
    return finish(subscription, "plan_changed", before, now=now)


def require_sellable(version: PlanVersion, account: LockedAccount) -> None:
    """Raise PlanNotActive for an archived plan, CurrencyMismatch for one in another currency."""
    if not version.plan.is_active:
        raise PlanNotActive(plan=version.plan.code)
    if version.currency != account.currency:
        raise CurrencyMismatch(plan=version.currency, tenant=account.currency)


def _change_now(
    subscription: Subscription,
    version: PlanVersion,
    *,
    at: datetime,
    prorate: bool,
    now: datetime,
) -> None:
    held = subscription.plan_version
    subscription.plan_version = version
    if subscription.status == SubscriptionStatus.INCOMPLETE:
        return
    lock_timeline_exclusive(subscription.account_id)
    current = periods.newest_period(subscription)
    at = max(at, current.start_at)
    end_segment(subscription, at=at)
    open_segment(subscription, version, at=at)
    periods.look_again(current)
    if not current.is_trial:
        if version.interval != held.interval:
            _begin_anew(subscription, current, at=at, prorate=prorate, now=now)
        elif prorate:
            _swap_fee(subscription, current, at=at, now=now)
    _give_back_early_fee(subscription, current, now=now)
    rebuild(subscription.account_id, at, None)


def _begin_anew(
    subscription: Subscription,
    current: SubscriptionPeriod,
    *,
    at: datetime,
    prorate: bool,
    now: datetime,
) -> None:
    """Close the period, and begin one of the new plan's interval, anchored here.

    A fee in advance of the new one stands on the closing invoice, as that of any next period.
    """
    advancing.close_period(subscription, current, at=at, prorate=prorate, now=now)
    advancing.bill_what_is_left(subscription, current, at=at, now=now)
    subscription.anchor_at = at
    opened = periods.open_period(
        subscription,
        periods.paid_period(subscription, subscription.plan_version, 0),
        sequence=current.sequence + 1,
        index=0,
    )
    advancing.open_fee(subscription, opened, current, now=now)
    subscription.due_at = opened.end_at


def _give_back_early_fee(
    subscription: Subscription, current: SubscriptionPeriod, *, now: datetime
) -> None:
    """Give back what an early invoice charged for the next period, where its fee is in arrears now.

    At once, since a plan in arrears goes on without a look at it.
    """
    if subscription.plan_version.pay_in_advance:
        return
    early = fee_items.early_fee(subscription)
    if early is not None:
        fee_items.give_back_early(early, current, now=now)


def _swap_fee(
    subscription: Subscription, current: SubscriptionPeriod, *, at: datetime, now: datetime
) -> None:
    """Take the unused part of the fee in force back, and charge the new plan's for the rest.

    Where none is in force (paid in advance, and paused since before the period began) it is the
    new plan's that waits for the resumption, unless that one is in arrears: then it runs from
    here, less by the pause.
    """
    item = fee_items.in_force(current)
    if item is None:
        if subscription.plan_version.pay_in_advance:
            fee_items.let_wait(current, subscription.plan_version)
        else:
            fee_items.charge(subscription, current, at=at, reason=Reason.CHANGE, now=now)
        return
    has_credit = fee_items.open_pause_credit(current) is not None
    if has_credit and not fee_items.end_pause_credit(current, at=at):
        return  # invoiced to the period's end already: the resumption charges what is left
    fee_items.credit(item, at=at, reason=Reason.CHANGE, period=current, now=now)
    new = fee_items.charge(subscription, current, at=at, reason=Reason.CHANGE, now=now)
    if subscription.paused_at is not None and not fee_items.shrinks(new, current):
        fee_items.credit(new, at=at, reason=Reason.PAUSE, period=current, now=now)
