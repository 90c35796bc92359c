"""How long events and deliveries are kept, and what goes when a customer is deleted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from billing.models import LockedAccount, OutboxEvent
from webhooks.models import DeliveryStatus, WebhookDelivery, WebhookEndpoint

BATCH: Final = 2000


def sweep(*, now: datetime, limit: int = BATCH) -> int:
    """Forget what ended so many days ago: a bounded part; return how many rows went."""
    before = now - timedelta(days=settings.BILLING["BILLING_WEBHOOK_LOG_DAYS"])
    old = WebhookDelivery.objects.filter(created_at__lt=before).exclude(
        status=DeliveryStatus.WAITING
    )
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:limit])
    WebhookDelivery.objects.filter(pk__in=ids).delete()
    return len(ids) + _sweep_events(before, limit)


def _sweep_events(before: datetime, limit: int) -> int:
    """Forget events that were handed on and have no delivery left.

    Their age is told by their ids, which begin with the real time: `created_at` is the account's.
    """
    edge = int(before.timestamp() * 1000) << 80
    old = OutboxEvent.objects.filter(pk__lt=UUID(int=edge), due_at__isnull=True, deliveries=None)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:limit])
    OutboxEvent.objects.filter(pk__in=ids).delete()
    return len(ids)


def erase_webhooks(account: LockedAccount, *, now: datetime) -> bool:
    """Delete the account's webhooks and events, and their deliveries; say whether some is left.

    (Named by the setting BILLING_ERASERS.)
    """
    WebhookEndpoint.objects.filter(account=account).delete()
    ids = list(OutboxEvent.objects.filter(account=account).values_list("pk", flat=True)[:BATCH])
    OutboxEvent.objects.filter(pk__in=ids).delete()
    return len(ids) == BATCH
