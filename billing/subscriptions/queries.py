"""Reads over subscriptions."""

from __future__ import annotations

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.credits.models import CreditGrant
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.models import Subscription, SubscriptionPeriod


def shown() -> QuerySet[Subscription]:
    """Return subscriptions with all that the API shows of one, in one query."""
    newest = SubscriptionPeriod.objects.filter(subscription=OuterRef("pk")).order_by("-sequence")
    spendable = (
        CreditGrant.objects.filter(account_id=OuterRef("account_id"))
        .values("account_id")
        .annotate(sum=Sum("remaining_minor"))
        .values("sum")
    )
    return Subscription.objects.select_related(
        "account", "plan_version__plan", "pending_plan_version"
    ).annotate(
        current_period_start=Subquery(newest.values("start_at")[:1]),
        current_period_end=Subquery(newest.values("end_at")[:1]),
        credit_minor=Coalesce(Subquery(spendable), 0),
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
