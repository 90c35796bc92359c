"""Reads over endpoints and deliveries."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from billing.kernel.errors import NotFound
from webhooks.models import WebhookDelivery, WebhookEndpoint


def endpoint_of(endpoint_id: UUID) -> WebhookEndpoint:
    """Return an endpoint. Raises NotFound."""
    found = WebhookEndpoint.objects.filter(pk=endpoint_id).first()
    if found is None:
        raise NotFound(noun="webhook")
    return found


def shown_deliveries() -> QuerySet[WebhookDelivery]:
    """Return deliveries with all that is shown of them, in one query."""
    return WebhookDelivery.objects.select_related("event")


def delivery_of(delivery_id: UUID) -> WebhookDelivery:
    """Return a delivery with its event. Raises NotFound."""
    found = shown_deliveries().filter(pk=delivery_id).first()
    if found is None:
        raise NotFound(noun="delivery")
    return found
