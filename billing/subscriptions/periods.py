"""A subscription's periods as rows: the first, the next, and the invoices that they will need."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from billing.catalog.models import PlanVersion
from billing.kernel.periods import Interval, Period, boundary, period
from billing.kernel.zones import zone
from billing.subscriptions.models import InvoiceDue, Subscription, SubscriptionPeriod

Kind = InvoiceDue.Kind

UNSETTLED: Final = -1
"""A version that no counters have: the period is looked at again, whatever its usage."""


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


def following(current: SubscriptionPeriod, subscription: Subscription) -> Period:
    """Return the paid period that comes after this one, under the plan that holds by then.

    The first, where this one is a trial; that of a pending plan with another interval begins a
    count of its own, with its anchor at this one's end.
    """
    pending = subscription.pending_plan_version
    now_paid = subscription.plan_version
    if pending is not None and not current.is_trial and pending.interval != now_paid.interval:
        return period(
            anchor=current.full_end_at,
            zone=zone(subscription.timezone),
            interval=Interval(pending.interval),
            index=0,
        )
    return paid_period(subscription, pending or now_paid, next_index(current))


def next_index(current: SubscriptionPeriod) -> int:
    """Return the index of the paid period that follows: 0 after a trial."""
    return 0 if current.index is None else current.index + 1


def open_period(
    subscription: Subscription,
    stretch: Period,
    *,
    sequence: int,
    index: int | None,
    whole: Period | None = None,
) -> SubscriptionPeriod:
    """Write a period, and that it will be invoiced. `index` None: a trial.

    `whole` is the full period of which `stretch` is the rest.
    """
    row = new_period(subscription, stretch, sequence=sequence, index=index, whole=whole)
    row.save(force_insert=True)
    expect_invoice(row, Kind.PERIOD, at=stretch.end, grace=grace())
    return row


def new_period(
    subscription: Subscription,
    stretch: Period,
    *,
    sequence: int,
    index: int | None,
    whole: Period | None = None,
) -> SubscriptionPeriod:
    """Make the row of a period that is not written yet."""
    full = whole or stretch
    return SubscriptionPeriod(
        account_id=subscription.account_id,
        subscription=subscription,
        sequence=sequence,
        is_trial=index is None,
        index=index,
        start_at=stretch.start,
        end_at=stretch.end,
        full_start_at=full.start,
        full_end_at=full.end,
    )


def grace() -> timedelta:
    """Return how long a period's invoice stays a draft after its end, for late events."""
    return timedelta(seconds=settings.BILLING["BILLING_GRACE_SECONDS"])


def expect_invoice(
    row: SubscriptionPeriod, kind: str, *, at: datetime, grace: timedelta = timedelta(0)
) -> None:
    """Write that an invoice has to be drafted at `at`, and finalized when the grace is over."""
    new_due(row, kind, at=at, grace=grace).save(force_insert=True)


def new_due(
    row: SubscriptionPeriod, kind: str, *, at: datetime, grace: timedelta = timedelta(0)
) -> InvoiceDue:
    """Make the row of an invoice that has to be made; it is not written yet."""
    return InvoiceDue(
        account_id=row.account_id,
        period=row,
        kind=kind,
        draft_at=at,
        finalize_at=at + grace,
        due_at=at,
    )


def cut_short(row: SubscriptionPeriod, *, at: datetime) -> None:
    """End a period at `at`: its invoice is due then, where it is not final already."""
    row.end_at = at
    row.save(update_fields=["end_at"])
    look_again(row)
    InvoiceDue.objects.filter(period=row, kind=Kind.PERIOD, due_at__isnull=False).update(
        draft_at=at, finalize_at=at + grace(), due_at=at
    )


def look_again(row: SubscriptionPeriod) -> None:
    """Have a period that was invoiced before its end rated anew: its plans or its end changed."""
    SubscriptionPeriod.objects.filter(pk=row.pk, settled_version__isnull=False).update(
        settled_version=UNSETTLED
    )


def newest_period(subscription: Subscription) -> SubscriptionPeriod:
    """Return the newest period: the open one, once the run has caught up."""
    newest = (
        SubscriptionPeriod.objects.filter(subscription=subscription).order_by("-sequence").first()
    )
    assert newest is not None, f"{subscription} has begun without a period"
    return newest
