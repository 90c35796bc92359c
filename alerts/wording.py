"""What is said of an alert that fired: to machines, and to persons."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils import translation

from alerts.models import Alert, ThresholdType
from billing.admin.formatting import percent
from billing.admin.prices import rate
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
    """Write a threshold or a measure with its unit, in the active language."""
    if alert.threshold_type == ThresholdType.PERCENTAGE_OF_BUDGET:
        return percent(value)
    return rate(value, currency)


def sentence(alert: Alert, account: Account, measured: Decimal) -> str:
    """Say in a sentence that it fired: for Slack, in one language, as machine text is."""
    with translation.override("en"):
        numbers = [
            shown(alert, value, account.currency).replace("\N{NO-BREAK SPACE}", " ")
            for value in (measured, alert.threshold)
        ]
    return SENTENCES[ThresholdType(alert.threshold_type)].format(
        tenant=account.tenant.name, measured=numbers[0], threshold=numbers[1]
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
    """Return what the mail says, its numbers in the language of mails."""
    with translation.override(settings.BILLING["INVOICE_LANGUAGE"]):
        return {
            "kind": alert.threshold_type,
            "tenant": account.tenant.name,
            "measured": shown(alert, measured, account.currency),
            "threshold": shown(alert, alert.threshold, account.currency),
        }
