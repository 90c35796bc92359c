"""Switching an endpoint off, by hand or after three days of failures, and telling whose it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from billing.accounts import audit
from invoicing import mailing
from tenants.models import Tenant
from webhooks.models import DeliveryStatus, DisabledReason, WebhookDelivery, WebhookEndpoint

DISABLE_AFTER: Final = timedelta(days=3)
NOTICED: Final = (DisabledReason.FAILURES, DisabledReason.GONE)


def switch_off(endpoint: WebhookEndpoint, reason: DisabledReason, *, now: datetime) -> None:
    """Disable it, within the caller's transaction that holds its row: what waits is given up.

    Where nobody did it by hand, whose it is gets a mail.
    """
    if not endpoint.is_enabled:
        return
    endpoint.is_enabled = False
    endpoint.disabled_reason, endpoint.disabled_at = reason, now
    endpoint.due_at = endpoint.rest_until = None
    endpoint.updated_at = now
    endpoint.save()
    WebhookDelivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.WAITING).update(
        status=DeliveryStatus.FAILED, due_at=None
    )
    audit.record(
        action="webhook.disabled",
        account_id=endpoint.account_id,
        subject=endpoint.pk,
        after={"reason": reason},
        now=now,
    )
    if reason in NOTICED:
        _notify(endpoint, now=now)


def _notify(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    if endpoint.account_id is None:
        recipient = settings.BILLING["SELLER_EMAIL"]
    else:
        recipient = Tenant.objects.get(account_id=endpoint.account_id).billing_email
    mailing.write_notice(
        account=endpoint.account,
        recipient=recipient,
        template="webhook_off",
        about=f"webhook:{endpoint.pk}:disabled:{now.isoformat()}",
        facts={"url": endpoint.url, "reason": endpoint.disabled_reason},
        now=now,
    )
