"""The step of many subscriptions at once, where nothing happens to them but a period's end.

Everything here runs in the caller's transaction, under the locks of all their accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from billing.metering.rebuild import lock_timelines_exclusive, rebuild, with_events
from billing.subscriptions import fee_items, periods
from billing.subscriptions.fee_models import FeeItem
from billing.subscriptions.models import (
    InvoiceDue,
    Subscription,
    SubscriptionPeriod,
    SubscriptionStatus,
)
from billing.subscriptions.telling import tell_all

S = SubscriptionStatus

MOVE: Final = """
UPDATE billing_subscription s SET due_at = m.due_at, updated_at = %s
FROM unnest(%s::uuid[], %s::timestamptz[]) AS m (id, due_at) WHERE s.id = m.id
"""


def goes_on_alike(subscription: Subscription) -> bool:
    """Say whether its step is the plain one: the next period under the same plan, in arrears."""
    return (
        subscription.status in {S.ACTIVE, S.PAST_DUE, S.UNPAID, S.PAUSED}
        and not subscription.cancel_at_period_end
        and subscription.pending_plan_version_id is None
        and not subscription.plan_version.pay_in_advance
    )


def go_on_alike(subscriptions: Sequence[Subscription], *, now: datetime) -> None:
    """Open the next period of each, as `advance_subscription` would: ten statements for all."""
    lock_timelines_exclusive([subscription.account_id for subscription in subscriptions])
    newest = _newest(subscriptions)
    opened = [_following(one, newest[one.pk]) for one in subscriptions]
    SubscriptionPeriod.objects.bulk_create(opened)
    grace = periods.grace()
    InvoiceDue.objects.bulk_create(
        periods.new_due(row, InvoiceDue.Kind.PERIOD, at=row.end_at, grace=grace) for row in opened
    )
    FeeItem.objects.bulk_create(
        fee_items.fee_in_arrears(one, row, now=now)
        for one, row in zip(subscriptions, opened, strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            MOVE, [now, [row.subscription_id for row in opened], [row.end_at for row in opened]]
        )
    # As a single one does: what was counted already from the opened period on is counted anew.
    stretches = [(row.account_id, row.start_at, row.end_at) for row in opened]
    for account_id, start, end in with_events(stretches):
        rebuild(account_id, start, end)
    for one, row in zip(subscriptions, opened, strict=True):
        one.due_at, one.updated_at = row.end_at, now
    tell_all(subscriptions, "renewed", now=now)


def _newest(subscriptions: Sequence[Subscription]) -> dict[UUID, SubscriptionPeriod]:
    rows = SubscriptionPeriod.objects.filter(subscription__in=[one.pk for one in subscriptions])
    newest = rows.order_by("subscription_id", "-sequence").distinct("subscription_id")
    return {row.subscription_id: row for row in newest}


def _following(subscription: Subscription, current: SubscriptionPeriod) -> SubscriptionPeriod:
    return periods.new_period(
        subscription,
        periods.following(current, subscription),
        sequence=current.sequence + 1,
        index=periods.next_index(current),
    )
