"""How webhooks and deliveries are taken and shown."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.http.fields import (
    FlagField,
    IdField,
    ObjectField,
    OneOfField,
    TextField,
    TimeField,
    WholeField,
    format_timestamp,
)
from billing.http.serializers import Input
from webhooks.models import DeliveryStatus, DisabledReason, WebhookDelivery, WebhookEndpoint
from webhooks.payloads import message_id
from webhooks.services import MOST_OVERLAP, MOST_TYPES

DAY = 86_400


class WebhookInput(Input):
    """Where events are posted to, and which: invoice.paid, or invoice.*, or none for all."""

    url = TextField(most=10_000)
    eventTypes = serializers.ListField(
        child=TextField(most=64), required=False, max_length=MOST_TYPES
    )
    description = TextField(least=0, required=False, allow_null=True)


class WebhookPatch(Input):
    """What shall be different."""

    url = TextField(most=10_000, required=False)
    eventTypes = serializers.ListField(
        child=TextField(most=64), required=False, max_length=MOST_TYPES
    )
    description = TextField(least=0, required=False)
    isEnabled = FlagField(required=False)


class RotateInput(Input):
    """How long messages are signed with the old secret too: a day, where it is left out."""

    overlapSeconds = WholeField(
        least=0, most=int(MOST_OVERLAP.total_seconds()), default=DAY, required=False
    )


class WebhookSerializer(serializers.Serializer[Any]):
    """A webhook. Without a tenant it is the operator's, and is told of all tenants."""

    id = IdField()
    tenantId = IdField(allow_null=True)
    url = TextField()
    description = TextField(allow_null=True)
    eventTypes = serializers.ListField(child=TextField())
    isEnabled = serializers.BooleanField()
    disabledReason = OneOfField(choices=DisabledReason.values, allow_null=True)
    disabledAt = TimeField(allow_null=True)
    failingSince = TimeField(allow_null=True)
    oldSecretUntil = TimeField(allow_null=True)
    createdAt = TimeField()
    updatedAt = TimeField()


class NewWebhookSerializer(WebhookSerializer):
    """A webhook with its secret, which is shown this once."""

    secret = TextField()


class AttemptSerializer(serializers.Serializer[Any]):
    """One attempt: `status` is HTTP's, null where nothing came back; `snippet` the body's start."""

    at = TimeField()
    status = serializers.IntegerField(allow_null=True)
    failure = TextField(allow_null=True)
    snippet = TextField(allow_null=True)
    milliseconds = serializers.IntegerField()


class DeliverySerializer(serializers.Serializer[Any]):
    """An event on its way to a webhook. `log` has its last 20 attempts, the newest last."""

    id = IdField()
    webhookId = IdField()
    tenantId = IdField(allow_null=True)
    messageId = IdField()
    eventType = TextField()
    number = serializers.IntegerField(allow_null=True)
    status = OneOfField(choices=DeliveryStatus.values)
    attempts = serializers.IntegerField()
    nextAttemptAt = TimeField(allow_null=True)
    deliveredAt = TimeField(allow_null=True)
    data = ObjectField()  # type: ignore[assignment]  # the API's word
    log = AttemptSerializer(many=True)
    createdAt = TimeField()


def _time(value: Any) -> str | None:
    return None if value is None else format_timestamp(value)


def show_webhook(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Write a webhook out, without its secret."""
    return {
        "id": str(endpoint.pk),
        "tenantId": None if endpoint.account_id is None else str(endpoint.account_id),
        "url": endpoint.url,
        "description": endpoint.description or None,
        "eventTypes": endpoint.event_types,
        "isEnabled": endpoint.is_enabled,
        "disabledReason": endpoint.disabled_reason or None,
        "disabledAt": _time(endpoint.disabled_at),
        "failingSince": _time(endpoint.failing_since),
        "oldSecretUntil": _time(endpoint.previous_until),
        "createdAt": format_timestamp(endpoint.created_at),
        "updatedAt": format_timestamp(endpoint.updated_at),
    }


def show_new_webhook(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Write a webhook out with its secret."""
    return {**show_webhook(endpoint), "secret": endpoint.secret}


def show_delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    """Write a delivery out."""
    event = delivery.event
    return {
        "id": str(delivery.pk),
        "webhookId": str(delivery.endpoint_id),
        "tenantId": None if delivery.account_id is None else str(delivery.account_id),
        "messageId": message_id(delivery),
        "eventType": delivery.kind,
        "number": None if event is None else event.number,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "nextAttemptAt": _time(delivery.due_at),
        "deliveredAt": _time(delivery.delivered_at),
        "data": {} if event is None else event.data,
        "log": [
            {
                **entry,
                "failure": entry["failure"] or None,
                "snippet": entry["snippet"] or None,
            }
            for entry in delivery.log
        ],
        "createdAt": format_timestamp(delivery.created_at),
    }
