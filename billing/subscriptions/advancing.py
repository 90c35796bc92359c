"""A subscription's time goes on: it begins, its periods follow one another, it ends.

Everything here runs in the caller's transaction, under the account's lock.
"""

from __future__ import annotations

from datetime import datetime

from billing.kernel.periods import Period
from billing.metering.rebuild import lock_timeline_exclusive, rebuild
from billing.subscriptions import fee_items, periods
from billing.subscriptions.fee_models import FeeItem, SubscriptionPause
from billing.subscriptions.models import (
    InvoiceDue,
    Subscription,
    SubscriptionPeriod,
    SubscriptionStatus,
)
from billing.subscriptions.segments import end_segment, open_segment
from billing.subscriptions.telling import tell

Kind = InvoiceDue.Kind


def begin(subscription: Subscription, *, now: datetime) -> None:
    """Leave INCOMPLETE: the first period and segment open, and usage since then is theirs."""
    lock_timeline_exclusive(subscription.account_id)
    subscription.begin()
    if subscription.trial_end_at is not None:
        stretch = Period(subscription.started_at, subscription.trial_end_at)
        first = periods.open_period(subscription, stretch, sequence=0, index=None)
    else:
        stretch = periods.paid_period(subscription, subscription.plan_version, 0)
        first = periods.open_period(subscription, stretch, sequence=0, index=0)
        open_fee(subscription, first, None, now=now)
    open_segment(subscription, subscription.plan_version, at=subscription.started_at)
    settle(subscription, first, now=now)
    tell(subscription, "started", now=now)


def advance_subscription(subscription: Subscription, *, now: datetime) -> None:
    """Take the one step that is due by `now`.

    One period at a time: after a standstill it is called again until nothing is due.
    """
    if subscription.due_at is None or subscription.due_at > now:
        return
    if subscription.status == SubscriptionStatus.INCOMPLETE:
        begin(subscription, now=now)
        return
    lock_timeline_exclusive(subscription.account_id)
    current = periods.newest_period(subscription)
    if subscription.cancel_at_period_end:
        end(subscription, current, at=current.end_at, now=now)
        return
    was_trial = subscription.status == SubscriptionStatus.TRIALING
    if was_trial:
        subscription.end_trial()
    _open_following(subscription, current, now=now)
    tell(subscription, "trial_ended" if was_trial else "renewed", now=now)


def _open_following(
    subscription: Subscription, current: SubscriptionPeriod, *, now: datetime
) -> None:
    stretch = periods.following(current, subscription)
    index = periods.next_index(current)
    pending = subscription.pending_plan_version
    if pending is not None:
        if not current.is_trial and pending.interval != subscription.plan_version.interval:
            subscription.anchor_at, index = current.end_at, 0
        subscription.plan_version, subscription.pending_plan_version = pending, None
        end_segment(subscription, at=current.end_at)
        open_segment(subscription, pending, at=current.end_at)
    opened = periods.open_period(subscription, stretch, sequence=current.sequence + 1, index=index)
    open_fee(subscription, opened, current, now=now)
    settle(subscription, opened, now=now)


def open_fee(
    subscription: Subscription,
    opened: SubscriptionPeriod,
    before: SubscriptionPeriod | None,
    *,
    now: datetime,
) -> None:
    """Write the fee of a paid period that begins, and its first invoice where it needs one."""
    if fee_items.open_fee(subscription, opened, before, now=now):
        periods.expect_invoice(opened, Kind.START, at=opened.start_at)


def settle(subscription: Subscription, opened: SubscriptionPeriod, *, now: datetime) -> None:
    """Store when the subscription moves next; usage from the opened period on is its own."""
    subscription.due_at = opened.end_at
    subscription.updated_at = now
    subscription.save()
    rebuild(subscription.account_id, opened.start_at, opened.end_at)


def close_period(
    subscription: Subscription,
    current: SubscriptionPeriod,
    *,
    at: datetime,
    prorate: bool = True,
    now: datetime,
) -> None:
    """End the open period at `at`: what is unused of its fee is not owed, or is given back."""
    item = None if current.is_trial or not prorate else fee_items.in_force(current)
    if item is not None:
        if fee_items.shrinks(item, current):
            item.end_at = max(at, item.start_at)
            item.save(update_fields=["end_at"])
        elif fee_items.open_pause_credit(current) is None:
            fee_items.credit(item, at=at, reason=FeeItem.Reason.CANCEL, period=current, now=now)
    periods.cut_short(current, at=at)


def end(
    subscription: Subscription, current: SubscriptionPeriod, *, at: datetime, now: datetime
) -> None:
    """End the subscription at `at`, the end of its last period, which is `current`."""
    subscription.cancel(at=at)
    subscription.updated_at = now
    subscription.save()
    end_segment(subscription, at=at)
    SubscriptionPause.objects.filter(subscription=subscription, end_at__isnull=True).update(
        end_at=at
    )
    bill_what_is_left(subscription, current, at=at, now=now)
    rebuild(subscription.account_id, at, None)
    tell(subscription, "ended", now=now)


def bill_what_is_left(
    subscription: Subscription, current: SubscriptionPeriod, *, at: datetime, now: datetime
) -> None:
    """Have an invoice of its own for what a period that closed at `at` still owes or gets back.

    Its own invoice was final already, else that says so. The fee of a period to come that was
    charged on it is given back too: that period does not come.
    """
    early = fee_items.early_fee(subscription)
    if early is not None:
        fee_items.give_back_early(early, current, now=now)
    orphans = FeeItem.objects.filter(subscription=subscription, bill_sequence__gt=current.sequence)
    if orphans.update(bill_sequence=current.sequence, bill_kind=Kind.FINAL):
        periods.expect_invoice(current, Kind.FINAL, at=at)
