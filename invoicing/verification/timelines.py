"""Timelines: periods follow one another, segments cover them, each has its invoice to come."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from billing.models import (
    Account,
    FeeItem,
    InvoiceDue,
    Segment,
    Subscription,
    SubscriptionPeriod,
)
from invoicing.verification.problems import Problem


def periods_without_a_gap(account: Account) -> Iterator[Problem]:
    """Each period begins where the one before ended; only a revived subscription has a gap."""
    for subscription in Subscription.objects.filter(account=account):
        periods = list(subscription.periods.order_by("sequence"))
        for before, after in pairwise(periods):
            revived = after.index == before.index and after.full_end_at == before.full_end_at
            if after.sequence != before.sequence + 1 or (
                after.start_at != before.end_at and not revived
            ):
                says = f"period {after.sequence} does not begin where {before.sequence} ended"
                yield Problem("periods without a gap", f"subscription {subscription.id}", says)
        if (
            subscription.due_at is not None
            and periods
            and periods[-1].end_at != subscription.due_at
        ):
            says = "it is not due at its open period's end"
            yield Problem("periods without a gap", f"subscription {subscription.id}", says)


def periods_have_prices(account: Account) -> Iterator[Problem]:
    """At each instant of a period one plan version holds, and none outside."""
    for subscription in Subscription.objects.filter(account=account):
        segments = list(
            Segment.objects.filter(subscription=subscription).order_by("start_at", "id")
        )
        for period in subscription.periods.all():
            if not _covered(period, segments):
                says = f"prices do not hold all through period {period.sequence}"
                yield Problem("periods have prices", f"subscription {subscription.id}", says)


def _covered(period: SubscriptionPeriod, segments: list[Segment]) -> bool:
    reached = period.start_at
    for segment in segments:
        if segment.start_at <= reached and (segment.end_at is None or segment.end_at > reached):
            reached = period.end_at if segment.end_at is None else segment.end_at
    return reached >= period.end_at


def periods_have_invoices_to_come(account: Account) -> Iterator[Problem]:
    """Each period has its due row, and each part of a fee an invoice that shows it."""
    expected = set(
        InvoiceDue.objects.filter(account=account).values_list(
            "period__subscription_id", "period__sequence", "kind"
        )
    )
    for period in SubscriptionPeriod.objects.filter(account=account):
        if (period.subscription_id, period.sequence, "PERIOD") not in expected:
            yield Problem("invoices to come", f"period {period.id}", "it is never invoiced")
    newest = {
        subscription.id: subscription
        for subscription in Subscription.objects.live().filter(account=account)
    }
    for item in FeeItem.objects.filter(account=account):
        place = (item.subscription_id, item.bill_sequence, item.bill_kind)
        if place not in expected and item.subscription_id not in newest:
            yield Problem("invoices to come", f"fee item {item.pk}", "no invoice will show it")
