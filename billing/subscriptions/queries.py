"""Reads over subscriptions."""

from __future__ import annotations

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from billing.credits.ledger import remaining_of_account
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.models import Subscription, SubscriptionPeriod


def shown() -> QuerySet[Subscription]:
    """Return subscriptions with all that the API shows of one, in one query."""
    newest = SubscriptionPeriod.objects.filter(subscription=OuterRef("pk")).order_by("-sequence")
    return Subscription.objects.select_related(
        "account", "plan_version__plan", "pending_plan_version__plan"
    ).annotate(
        current_period_start=Subquery(newest.values("start_at")[:1]),
        current_period_end=Subquery(newest.values("end_at")[:1]),
        credit_minor=remaining_of_account(),
    )


def live_subscription(account_id: UUID) -> Subscription:
    """Return the account's live subscription. Raises NoActiveSubscription."""
    found = shown().live().filter(account_id=account_id).first()  # type: ignore[attr-defined]
    if found is None:
        raise NoActiveSubscription
    subscription: Subscription = found
    return subscription


def current_period(subscription_id: UUID) -> SubscriptionPeriod | None:
    """Return the newest period, or None before the start."""
    return (
        SubscriptionPeriod.objects.filter(subscription_id=subscription_id)
        .order_by("-sequence")
        .first()
    )
