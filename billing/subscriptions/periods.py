"""A subscription's periods as rows: the first, the next, and the invoices that they will need."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from billing.catalog.models import PlanVersion
from billing.kernel.periods import Interval, Period, boundary, period
from billing.kernel.zones import zone
from billing.subscriptions.models import InvoiceDue, Subscription, SubscriptionPeriod

Kind = InvoiceDue.Kind


def trial_end(start_at: datetime, timezone: str, days: int) -> datetime:
    """Return the end of a trial of so many local days; a day of 23 or 25 hours counts as one."""
    return boundary(anchor=start_at, zone=zone(timezone), interval=Interval.DAY, index=days)


def paid_period(subscription: Subscription, version: PlanVersion, index: int) -> Period:
    """Return the paid period `index` places after the anchor, under the version's interval."""
    return period(
        anchor=subscription.anchor_at,
        zone=zone(subscription.timezone),
        interval=Interval(version.interval),
        index=index,
    )


def following(current: SubscriptionPeriod, version: PlanVersion) -> Period:
    """Return the paid period that comes after this one: the first, where this one is a trial."""
    index = 0 if current.index is None else current.index + 1
    return paid_period(current.subscription, version, index)


def open_first(subscription: Subscription) -> SubscriptionPeriod:
    """Write the period that begins with the subscription, and what it will be invoiced by."""
    version = subscription.plan_version
    if subscription.trial_end_at is not None:
        stretch = Period(subscription.started_at, subscription.trial_end_at)
        return _open(subscription, stretch, sequence=0, index=None)
    first = _open(subscription, paid_period(subscription, version, 0), sequence=0, index=0)
    if version.pay_in_advance:
        _expect_invoice(first, Kind.START, at=first.start_at, grace=timedelta(0))
    return first


def open_next(current: SubscriptionPeriod, subscription: Subscription) -> SubscriptionPeriod:
    """Write the period that follows, when the current one has ended."""
    current.subscription = subscription
    stretch = following(current, subscription.plan_version)
    index = 0 if current.index is None else current.index + 1
    return _open(subscription, stretch, sequence=current.sequence + 1, index=index)


def _open(
    subscription: Subscription, stretch: Period, *, sequence: int, index: int | None
) -> SubscriptionPeriod:
    row = SubscriptionPeriod.objects.create(
        account_id=subscription.account_id,
        subscription=subscription,
        sequence=sequence,
        is_trial=index is None,
        index=index,
        start_at=stretch.start,
        end_at=stretch.end,
        full_end_at=stretch.end,
    )
    grace = timedelta(seconds=settings.BILLING["BILLING_GRACE_SECONDS"])
    _expect_invoice(row, Kind.PERIOD, at=stretch.end, grace=grace)
    return row


def _expect_invoice(
    row: SubscriptionPeriod, kind: InvoiceDue.Kind, *, at: datetime, grace: timedelta
) -> None:
    InvoiceDue.objects.create(
        account_id=row.account_id,
        period=row,
        kind=kind,
        draft_at=at,
        finalize_at=at + grace,
        due_at=at,
    )
