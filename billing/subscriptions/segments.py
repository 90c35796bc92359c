"""Which prices hold when: the stretches of a subscription under one plan version."""

from __future__ import annotations

from datetime import datetime

from billing.catalog.models import PlanVersion
from billing.subscriptions.models import Segment, Subscription


def open_segment(subscription: Subscription, version: PlanVersion, *, at: datetime) -> None:
    """Let a version's prices hold from `at` on."""
    Segment.objects.create(
        account_id=subscription.account_id,
        subscription=subscription,
        plan_version=version,
        start_at=at,
    )


def end_segment(subscription: Subscription, *, at: datetime) -> None:
    """Let the prices that hold now hold until `at`, and none after it."""
    Segment.objects.filter(subscription=subscription, end_at__isnull=True).update(end_at=at)
