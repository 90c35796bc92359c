"""Telling of a subscription: the event says how it stands after what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.outbox import publish_all
from billing.subscriptions.models import Subscription


def tell(subscription: Subscription, what: str, *, now: datetime) -> None:
    """Publish `subscription.<what>`, in the caller's transaction."""
    tell_all([subscription], what, now=now)


def tell_all(subscriptions: Sequence[Subscription], what: str, *, now: datetime) -> None:
    """Publish it of subscriptions of different accounts: one statement."""
    events = [(one.account_id, f"subscription.{what}", shown(one)) for one in subscriptions]
    publish_all(events, now=now)


def shown(subscription: Subscription) -> dict[str, object]:
    """Return what events say of a subscription, in the API's words."""
    version = subscription.plan_version
    pending = subscription.pending_plan_version_id
    return {
        "id": subscription.id,
        "tenantId": subscription.account_id,
        "planId": version.pk,
        "planCode": version.plan.code,
        "pendingPlanId": pending,
        "status": subscription.status,
        "startedAt": subscription.started_at,
        "trialEnd": subscription.trial_end_at,
        "currentPeriodEnd": subscription.due_at,
        "cancelAtPeriodEnd": subscription.cancel_at_period_end,
        "cancelledAt": subscription.cancelled_at,
        "cancellationReason": subscription.cancellation_reason or None,
        "pausedAt": subscription.paused_at,
        "endedAt": subscription.ended_at,
    }
