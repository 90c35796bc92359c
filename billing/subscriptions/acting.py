"""What every action on a subscription begins with: the lock, the row, its time caught up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from billing.accounts import audit
from billing.accounts.models import Account, LockedAccount
from billing.subscriptions.advancing import advance_subscription
from billing.subscriptions.models import Subscription
from billing.subscriptions.telling import tell

CATCH_UP_LIMIT: Final = 64
"""Periods that are caught up at once before an action; after a longer standstill the run is."""


@dataclass(frozen=True, slots=True)
class Acting:
    """A locked account, its subscription, and the whole second at which the action takes effect.

    Whole, so that the used and the unused part of a period always make the whole.
    """

    account: LockedAccount
    subscription: Subscription
    at: datetime


def begin_action(*, account_id: UUID, subscription_id: UUID, now: datetime) -> Acting:
    """Lock the account and bring its subscription up to `now`. Raises NotFound, TenantNotFound."""
    account = Account.objects.lock(account_id)
    subscription = Subscription.objects.locked(subscription_id, account=account)
    for _ in range(CATCH_UP_LIMIT):
        advance_subscription(subscription, now=now)
    return Acting(account, subscription, now.replace(microsecond=0))


def state_of(subscription: Subscription) -> dict[str, Any]:
    """Return what the audit keeps of a subscription."""
    pending = subscription.pending_plan_version_id
    return {
        "status": subscription.status,
        "planVersion": str(subscription.plan_version_id),
        "pendingPlanVersion": None if pending is None else str(pending),
        "cancelAtPeriodEnd": subscription.cancel_at_period_end,
    }


def finish(
    subscription: Subscription, action: str, before: dict[str, Any], *, now: datetime
) -> Subscription:
    """Store the subscription, the audit entry of what was done to it, and the event."""
    subscription.updated_at = now
    subscription.save()
    audit.record(
        action=f"subscription.{action}",
        account_id=subscription.account_id,
        subject=subscription.id,
        before=before,
        after=state_of(subscription),
        now=now,
    )
    tell(subscription, action, now=now)
    return subscription
