"""What is posted: the same bytes at every attempt."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any, Final

from webhooks.models import MessageForm, WebhookDelivery

TEST_KIND: Final = "webhook.test"


def message_id(delivery: WebhookDelivery) -> str:
    """Return what `webhook-id` says: the event's id, the same at every attempt and replay."""
    return str(delivery.event_id or delivery.pk)


def payload(delivery: WebhookDelivery) -> bytes:
    """Write the body: the event's kind, when it happened, whose it is, its number, its data."""
    event = delivery.event
    if delivery.endpoint.form == MessageForm.SLACK:
        return _written({"text": "" if event is None else str(event.data.get("message", ""))})
    at = delivery.created_at if event is None else event.created_at
    body = {
        "id": message_id(delivery),
        "type": delivery.kind,
        "timestamp": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "tenantId": None if delivery.account_id is None else str(delivery.account_id),
        "number": None if event is None else event.number,
        "data": {} if event is None else event.data,
    }
    return _written(body)


def _written(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
