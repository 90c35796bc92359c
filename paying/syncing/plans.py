"""Putting an account on the plan that it bought, whatever it was on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.kernel.errors import AlreadyExists
from billing.models import PlanVersion, Subscription
from billing.subscriptions.changing import When, change_plan
from billing.subscriptions.ending import cancel_subscription
from billing.subscriptions.services import create_subscription

REPLACED = "Replaced by a plan that was bought through Stripe"


def put_on_plan(
    account_id: UUID, version: PlanVersion, *, trial_days: int, now: datetime, prorate: bool = True
) -> Subscription:
    """Return the account's live subscription, on this version. Repeated, it changes nothing.

    A plan that begins with a trial is begun anew, as a trial is a subscription's first stretch;
    else the subscription that is live changes its plan now.
    """
    live = _live(account_id)
    if live is not None and live.plan_version_id == version.pk:
        return live
    if live is not None and trial_days:
        cancel_subscription(
            account_id=account_id,
            subscription_id=live.id,
            immediately=True,
            reason=REPLACED,
            now=now,
        )
        live = None
    if live is None:
        try:
            return create_subscription(
                account_id=account_id, plan_ref=str(version.pk), trial_days=None, now=now
            )
        except AlreadyExists:  # made meanwhile by somebody else
            live = _live(account_id)
            assert live is not None, "one that exists is live"
    return change_plan(
        account_id=account_id,
        subscription_id=live.id,
        plan_ref=str(version.pk),
        when=When.NOW,
        prorate=prorate,
        now=now,
    )


def _live(account_id: UUID) -> Subscription | None:
    return Subscription.objects.live().filter(account_id=account_id).first()
