"""The tier that an account is on, in surface A's words: the plan of its live subscription."""

from __future__ import annotations

from uuid import UUID

from billing.catalog.models import Plan, PlanLimit
from billing.subscriptions.models import Subscription


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
