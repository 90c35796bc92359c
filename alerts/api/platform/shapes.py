"""How alerts are taken and shown."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alerts.models import Alert, AlertStatus, ThresholdType
from alerts.queries import ShownAlert
from alerts.services import AlertDraft
from billing.http.fields import (
    AmountField,
    IdField,
    OneOfField,
    TextField,
    TimeField,
    clean_text,
    format_timestamp,
)
from billing.http.serializers import Input
from billing.kernel.decimals import format_decimal
from billing.kernel.money import Money


class _SwitchOrText(serializers.Field[Any, Any, Any, Any]):
    """true or false, or a text that says where to."""

    rule = ""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool):
            return data
        if not isinstance(data, str) or not data.strip():
            raise serializers.ValidationError(self.rule)
        return self.checked(data)

    def checked(self, data: str) -> str:
        raise NotImplementedError

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "string", "format": "email"}]})
class EmailField(_SwitchOrText):
    rule = "must be true, false, or an address such as ops@acme.example"

    def checked(self, data: str) -> str:
        try:
            validate_email(clean_text(data))
        except (ValidationError, ValueError):
            raise serializers.ValidationError(self.rule) from None
        if len(data) > 255:
            raise serializers.ValidationError("must have at most 255 characters")
        return data


@extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "string", "format": "uri"}]})
class SlackField(_SwitchOrText):
    rule = "must be true, false, or the URL of an incoming webhook of Slack"

    def checked(self, data: str) -> str:
        return data


class AlertInput(Input):
    """A threshold and whom to tell. A percentage for PERCENTAGE_OF_BUDGET, money for the others."""

    thresholdAmount = AmountField()
    thresholdType = OneOfField(choices=ThresholdType.values)
    notifyEmail = EmailField(required=False, allow_null=True)
    notifySlack = SlackField(required=False, allow_null=True)
    webhookUrl = TextField(most=10_000, required=False, allow_null=True)


class AlertSerializer(serializers.Serializer[Any]):
    """An alert as it is in the tenant's open period."""

    id = IdField()
    tenantId = IdField()
    thresholdAmount = TextField()
    thresholdType = OneOfField(choices=ThresholdType.values)
    status = OneOfField(choices=AlertStatus.values)
    currentAmount = TextField(allow_null=True)
    currency = TextField()
    notifyEmail = EmailField()
    notifySlack = SlackField()
    webhookUrl = TextField(allow_null=True)
    webhookId = IdField(allow_null=True)
    triggeredAt = TimeField(allow_null=True)
    dismissedAt = TimeField(allow_null=True)
    createdAt = TimeField()


class NewAlertSerializer(AlertSerializer):
    """A new alert. `webhookSecret` verifies what is posted to `webhookUrl`; it is shown once."""

    webhookSecret = TextField(allow_null=True)


def draft_of(given: dict[str, Any]) -> AlertDraft:
    """Read what was given. notifyEmail is true where it is left out, notifySlack false."""
    email = given.get("notifyEmail", True)
    slack = given.get("notifySlack", False)
    return AlertDraft(
        threshold_type=given["thresholdType"],
        threshold=given["thresholdAmount"],
        notify_email=email is not False,
        email=email if isinstance(email, str) else "",
        notify_slack=slack is not False,
        slack_url=slack if isinstance(slack, str) else "",
        webhook_url=given.get("webhookUrl") or "",
    )


def show_alert(shown: ShownAlert) -> dict[str, Any]:
    """Write an alert out."""
    alert = shown.alert
    is_now = shown.status != AlertStatus.ACTIVE
    return {
        "id": str(alert.pk),
        "tenantId": str(alert.account_id),
        "thresholdAmount": _amount(alert, alert.threshold),
        "thresholdType": alert.threshold_type,
        "status": shown.status,
        "currentAmount": None if shown.current is None else _amount(alert, shown.current),
        "currency": alert.account.currency,
        "notifyEmail": alert.email or alert.notify_email,
        "notifySlack": alert.slack_url or alert.notify_slack,
        "webhookUrl": alert.webhook_url or None,
        "webhookId": None if alert.webhook_id is None else str(alert.webhook_id),
        "triggeredAt": _time(alert.triggered_at) if is_now else None,
        "dismissedAt": _time(alert.dismissed_at) if is_now else None,
        "createdAt": format_timestamp(alert.created_at),
    }


def _time(value: Any) -> str | None:
    return None if value is None else format_timestamp(value)


def _amount(alert: Alert, value: Any) -> str:
    """Write money with its currency's decimals, a percentage with as many as it has."""
    if alert.threshold_type == ThresholdType.PERCENTAGE_OF_BUDGET:
        return format_decimal(value)
    return Money.rounded(value, alert.account.currency).amount
