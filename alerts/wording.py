"""What is said of an alert that fired: to machines, and to persons."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from alerts.models import Alert, ThresholdType
from billing.kernel.decimals import format_decimal
from billing.models import Account, SubscriptionPeriod

SENTENCES: Final = {
    ThresholdType.ABSOLUTE: "{tenant}: this period has cost {measured} so far, "
    "which reaches the alert at {threshold}.",
    ThresholdType.PERCENTAGE_OF_BUDGET: "{tenant}: this period has cost {measured} of the budget, "
    "which reaches the alert at {threshold}.",
    ThresholdType.DAILY_RATE: "{tenant}: the last 24 hours cost {measured}, "
    "which reaches the alert at {threshold}.",
    ThresholdType.ANOMALY: "{tenant}: the last 24 hours cost {measured} more than expected, "
    "which reaches the alert at {threshold}.",
}


def shown(alert: Alert, value: Decimal, currency: str) -> str:
    """Write a threshold or a measure with its unit."""
    unit = "%" if alert.threshold_type == ThresholdType.PERCENTAGE_OF_BUDGET else f" {currency}"
    return f"{format_decimal(value)}{unit}"


def sentence(alert: Alert, account: Account, measured: Decimal) -> str:
    """Say in a sentence that it fired: for Slack, in one language, as machine text is."""
    return SENTENCES[ThresholdType(alert.threshold_type)].format(
        tenant=account.tenant.name,
        measured=shown(alert, measured, account.currency),
        threshold=shown(alert, alert.threshold, account.currency),
    )


def data_of(
    alert: Alert, account: Account, measured: Decimal, period: SubscriptionPeriod
) -> dict[str, object]:
    """Return what the event alert.triggered says."""
    return {
        "id": alert.pk,
        "tenantId": account.pk,
        "thresholdType": alert.threshold_type,
        "thresholdAmount": format_decimal(alert.threshold),
        "currentAmount": format_decimal(measured),
        "currency": account.currency,
        "periodStart": period.start_at,
        "periodEnd": period.end_at,
        "message": sentence(alert, account, measured),
    }


def facts_of(alert: Alert, account: Account, measured: Decimal) -> dict[str, object]:
    """Return what the mail says."""
    return {
        "kind": alert.threshold_type,
        "tenant": account.tenant.name,
        "measured": shown(alert, measured, account.currency),
        "threshold": shown(alert, alert.threshold, account.currency),
    }
