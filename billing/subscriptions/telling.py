"""Telling of a subscription: the event says how it stands after what happened."""

from __future__ import annotations

from datetime import datetime

from billing.outbox import publish
from billing.subscriptions.models import Subscription


def tell(subscription: Subscription, what: str, *, now: datetime) -> None:
    """Publish `subscription.<what>`, in the caller's transaction."""
    version = subscription.plan_version
    pending = subscription.pending_plan_version_id
    publish(
        subscription.account_id,
        f"subscription.{what}",
        {
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
        },
        now=now,
    )
