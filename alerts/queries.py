"""Reads over alerts: what an alert is in the period that its tenant is in now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When

from alerts.measuring import measure
from alerts.models import Alert, AlertStatus
from billing.kernel.errors import NotFound
from billing.models import Account, Subscription, SubscriptionPeriod
from costs.snapshot import snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlert:
    """An alert with what it measures now. `current` None: there is nothing to measure."""

    alert: Alert
    status: str
    current: Decimal | None


def shown() -> QuerySet[Alert]:
    """Return alerts with `present_status`: that of another period has passed."""
    live = Subscription.objects.live().filter(account_id=OuterRef("account_id"))
    period = SubscriptionPeriod.objects.filter(
        account_id=OuterRef("account_id"),
        subscription_id=Subquery(live.values("pk")[:1]),
    ).order_by("-sequence")
    return Alert.objects.select_related("account__test_clock", "webhook").annotate(
        open_period=Subquery(period.values("pk")[:1]),
        present_status=Case(
            When(Q(period_id__isnull=True) | Q(open_period__isnull=True), then=F("status")),
            When(period_id=F("open_period"), then=F("status")),
            default=Value(AlertStatus.ACTIVE),
            output_field=CharField(),
        ),
    )


def alert_of(alert_id: UUID) -> Alert:
    """Return an alert, as `shown` has it. Raises NotFound."""
    found = shown().filter(pk=alert_id).first()
    if found is None:
        raise NotFound(noun="alert")
    return found


def measured(alerts: list[Alert], account: Account, *, now: datetime) -> list[ShownAlert]:
    """Add to alerts of one account what they measure now: once for all of them."""
    if not alerts:
        return []
    with snapshot():
        measures = measure(account, now=now)
        return [
            ShownAlert(
                alert=alert,
                status=alert.present_status,  # type: ignore[attr-defined]
                current=None if measures is None else measures.of(alert.threshold_type),
            )
            for alert in alerts
        ]
