"""The tier that an account is on, in surface A's words: the plan of its live subscription."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from billing.accounts.models import Account
from billing.catalog.models import Plan, PlanLimit
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.fee_models import TrialUse
from billing.subscriptions.models import Subscription
from billing.subscriptions.stripe_words import stripe_word


@dataclass(frozen=True, slots=True)
class TierState:
    """An account's tier, how its subscription stands, and whether the tier's trial was given."""

    account_id: UUID
    tier: Plan
    status: str
    trial_used: bool


def tier_state(account: Account) -> TierState:
    """Return the account's tier with its subscription's status. Raises NoActiveSubscription."""
    live = Subscription.objects.live().select_related("plan_version__plan")
    found = live.filter(account_id=account.id).first()
    if found is None:
        raise NoActiveSubscription
    tier = found.plan_version.plan
    used = TrialUse.objects.filter(account_id=account.customer_id or account.id, plan=tier)
    return TierState(account.id, tier, stripe_word(found.status), used.exists())


def live_tier(account_id: UUID) -> Plan | None:
    """Return the plan of the account's live subscription, or None without one."""
    found = (
        Subscription.objects.live()
        .filter(account_id=account_id)
        .select_related("plan_version__plan")
        .first()
    )
    return None if found is None else found.plan_version.plan


def quota_value(account_id: UUID, *, service_name: str, feature_key: str) -> int | None:
    """Return the standing cap that the account's tier sets; None where it sets none. −1: no end."""
    tier = live_tier(account_id)
    if tier is None:
        return None
    limits = PlanLimit.objects.filter(
        plan=tier, service_name=service_name, feature_key=feature_key, window=""
    )
    return limits.values_list("value", flat=True).first()
