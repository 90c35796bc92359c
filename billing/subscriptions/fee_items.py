"""Fees written down: which part of which plan's fee is owed, and on which invoice it will stand.

Everything here runs in the caller's transaction, under the account's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from billing.catalog.models import PlanVersion
from billing.subscriptions.fee_models import FeeItem
from billing.subscriptions.models import InvoiceDue, Subscription, SubscriptionPeriod

Type = FeeItem.Type
Reason = FeeItem.Reason
Kind = InvoiceDue.Kind


@dataclass(frozen=True, slots=True)
class Place:
    """The invoice on which an item stands: of which period of the subscription, of which kind."""

    sequence: int
    kind: str


def is_open(period: SubscriptionPeriod) -> bool:
    """Say whether the period's own invoice can still take an item: it is neither final nor void."""
    return InvoiceDue.objects.filter(period=period, kind=Kind.PERIOD, due_at__isnull=False).exists()


def next_place(period: SubscriptionPeriod) -> Place:
    """Return the next invoice to come: the period's own, or the next one's where that is final."""
    return Place(period.sequence if is_open(period) else period.sequence + 1, Kind.PERIOD)


def in_force(period: SubscriptionPeriod) -> FeeItem | None:
    """Return the item whose fee runs now in a period: the newest that no change took back."""
    taken_back = FeeItem.objects.filter(
        of=OuterRef("pk"), reason__in=[Reason.CHANGE, Reason.CANCEL]
    )
    return (
        FeeItem.objects.filter(~Exists(taken_back), period=period)
        .exclude(type=Type.CREDIT)
        .select_related("plan_version")
        .order_by("id")
        .last()
    )


def shrinks(item: FeeItem, period: SubscriptionPeriod) -> bool:
    """Say whether less of an item is owed by its own line: in arrears, before its invoice is final.

    What was paid in advance is taken back by a line of its own.
    """
    return not item.plan_version.pay_in_advance and is_open(period)


def open_fee(
    subscription: Subscription,
    period: SubscriptionPeriod,
    before: SubscriptionPeriod | None,
    *,
    now: datetime,
) -> bool:
    """Write the fee that a paid period begins with; say whether it needs an invoice of its own.

    In arrears it stands on the period's invoice; in advance on that of the period `before`, or,
    where there is none that still can take it, on one of kind START. A fee in advance waits while
    the subscription is paused.
    """
    early = None if before is None else early_fee(subscription)
    if early is not None and _is_for(early, subscription, period):
        _adopt(early, subscription, period, now=now)
        return False
    needs_its_own = _begin_fee(subscription, period, before, now=now)
    if early is not None and before is not None:
        place = Place(period.sequence, Kind.START) if needs_its_own else None
        give_back_early(early, before, place=place, now=now)
    return needs_its_own


def _begin_fee(
    subscription: Subscription,
    period: SubscriptionPeriod,
    before: SubscriptionPeriod | None,
    *,
    now: datetime,
) -> bool:
    version = subscription.plan_version
    if not version.pay_in_advance:
        fee_in_arrears(subscription, period, now=now).save(force_insert=True)
        return False
    if subscription.paused_at is not None:
        let_wait(period, version)
        return False
    on_the_one_before = before is not None and is_open(before)
    place = (
        Place(before.sequence, Kind.PERIOD)
        if before is not None and on_the_one_before
        else Place(period.sequence, Kind.START)
    )
    _fee(subscription, period, place, now=now).save(force_insert=True)
    return not on_the_one_before


def fee_in_arrears(
    subscription: Subscription, period: SubscriptionPeriod, *, now: datetime
) -> FeeItem:
    """Make the fee of a period that stands on its own invoice; it is not written yet."""
    return _fee(subscription, period, Place(period.sequence, Kind.PERIOD), now=now)


def let_wait(period: SubscriptionPeriod, version: PlanVersion) -> None:
    """Have a period's fee, or its rest, wait for the end of a pause: it will be this version's."""
    period.waiting_version = version
    period.save(update_fields=["waiting_version"])


def _fee(
    subscription: Subscription, period: SubscriptionPeriod, place: Place, *, now: datetime
) -> FeeItem:
    return FeeItem(
        account_id=subscription.account_id,
        subscription=subscription,
        period=period,
        plan_version=subscription.plan_version,
        type=Type.FEE,
        reason=Reason.PERIOD,
        start_at=period.start_at,
        end_at=period.end_at,
        whole_seconds=period.whole_seconds,
        bill_sequence=place.sequence,
        bill_kind=place.kind,
        created_at=now,
    )


def expect_fee(
    subscription: Subscription,
    *,
    version: PlanVersion,
    start_at: datetime,
    end_at: datetime,
    whole_seconds: int,
    place: Place,
    now: datetime,
) -> FeeItem:
    """Write the fee of a period that has not begun, which an invoice has just charged early."""
    return FeeItem.objects.create(
        account_id=subscription.account_id,
        subscription=subscription,
        plan_version=version,
        type=Type.FEE,
        reason=Reason.PERIOD,
        start_at=start_at,
        end_at=end_at,
        whole_seconds=whole_seconds,
        bill_sequence=place.sequence,
        bill_kind=place.kind,
        created_at=now,
    )


def early_fee(subscription: Subscription) -> FeeItem | None:
    """Return the fee of a period to come that an early invoice has charged, where one did."""
    return FeeItem.objects.filter(subscription=subscription, period__isnull=True).first()


def _is_for(early: FeeItem, subscription: Subscription, period: SubscriptionPeriod) -> bool:
    """Say whether the fee that was charged early is for this stretch, of a plan in advance still.

    What it comes to is another matter: of another plan it is taken back in favour of this one's.
    """
    is_same_stretch = (early.start_at, early.end_at) == (period.start_at, period.end_at)
    return is_same_stretch and subscription.plan_version.pay_in_advance


def _adopt(
    early: FeeItem, subscription: Subscription, period: SubscriptionPeriod, *, now: datetime
) -> None:
    """Take over the fee that an early invoice charged for this period.

    Where the plan has changed since, that fee is taken back and the new plan's is charged. Of a
    period that begins in a pause it is given back until the resumption, as of one that was paused.
    """
    early.period = period
    early.save(update_fields=["period"])
    item = early
    if early.plan_version_id != subscription.plan_version_id:
        credit(early, at=early.start_at, reason=Reason.CHANGE, period=period, now=now)
        item = charge(subscription, period, at=period.start_at, reason=Reason.CHANGE, now=now)
    if subscription.paused_at is not None:
        credit(item, at=period.start_at, reason=Reason.PAUSE, period=period, now=now)


def give_back_early(
    early: FeeItem, period: SubscriptionPeriod, *, place: Place | None = None, now: datetime
) -> None:
    """Take back the fee of a period to come that does not come, or not as it was charged.

    It becomes an item of the last `period` before that, so that none is to come any more.
    """
    early.period, early.type = period, Type.CHARGE
    early.save(update_fields=["period", "type"])
    credit(early, at=early.start_at, reason=Reason.CANCEL, period=period, place=place, now=now)


def charge(
    subscription: Subscription,
    period: SubscriptionPeriod,
    *,
    at: datetime,
    reason: str,
    version: PlanVersion | None = None,
    now: datetime,
) -> FeeItem:
    """Charge a version for the rest of a period, on the next invoice: the one that holds now,
    where none is given.
    """
    place = next_place(period)
    return FeeItem.objects.create(
        account_id=subscription.account_id,
        subscription=subscription,
        period=period,
        plan_version=version or subscription.plan_version,
        type=Type.CHARGE,
        reason=reason,
        start_at=at,
        end_at=period.end_at,
        whole_seconds=period.whole_seconds,
        bill_sequence=place.sequence,
        bill_kind=place.kind,
        created_at=now,
    )


def credit(
    item: FeeItem,
    *,
    at: datetime,
    reason: str,
    period: SubscriptionPeriod,
    place: Place | None = None,
    now: datetime,
) -> FeeItem:
    """Take back what is unused of an item from `at` on, on the next invoice or on the one given."""
    on = place or next_place(period)
    return FeeItem.objects.create(
        account_id=item.account_id,
        subscription_id=item.subscription_id,
        period=period,
        plan_version_id=item.plan_version_id,
        type=Type.CREDIT,
        reason=reason,
        start_at=max(at, item.start_at),
        end_at=item.end_at,
        whole_seconds=item.whole_seconds,
        of=item,
        bill_sequence=on.sequence,
        bill_kind=on.kind,
        created_at=now,
    )


def open_pause_credit(period: SubscriptionPeriod) -> FeeItem | None:
    """Return the credit of a pause that runs to the period's end, for now."""
    return (
        FeeItem.objects.filter(
            period=period, type=Type.CREDIT, reason=Reason.PAUSE, end_at=period.end_at
        )
        .order_by("id")
        .last()
    )


def end_pause_credit(period: SubscriptionPeriod, *, at: datetime) -> bool:
    """End a pause's credit at `at`. False where there is none, or it was invoiced already."""
    found = open_pause_credit(period)
    if found is None:
        return False
    is_unbilled = InvoiceDue.objects.filter(
        period__subscription_id=period.subscription_id,
        period__sequence=found.bill_sequence,
        kind=found.bill_kind,
        due_at__isnull=True,
    ).exists()
    if is_unbilled:
        return False
    found.end_at = max(at, found.start_at)
    found.save(update_fields=["end_at"])
    return True
