"""Endpoints that were made for one thing alone, such as an alert, and are told of nothing else."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest, Now

from billing.models import LockedAccount
from webhooks.handing_on import GIVE_UP_AFTER
from webhooks.models import MessageForm, WebhookDelivery, WebhookEndpoint
from webhooks.signing import new_secret


def add_private_endpoint(account: LockedAccount, url: str, form: MessageForm) -> WebhookEndpoint:
    """Make one in the caller's transaction, for a URL that `check_url` took."""
    made = WebhookEndpoint.objects.create(
        account=account,
        url=url,
        form=form,
        is_private=True,
        secret=new_secret(),
        created_at=Now(),
        updated_at=Now(),
    )
    made.refresh_from_db()
    return made


def remove_private_endpoint(endpoint_id: UUID) -> None:
    """Delete it with its deliveries."""
    WebhookEndpoint.objects.filter(pk=endpoint_id, is_private=True).delete()


def deliver_to(endpoint: WebhookEndpoint, event_id: UUID, *, kind: str, account_id: UUID) -> None:
    """Have an event delivered, in the transaction that published it; once, however often asked.

    Nothing goes to one that is disabled.
    """
    if not endpoint.is_enabled:
        return
    WebhookDelivery.objects.get_or_create(
        endpoint=endpoint,
        event_id=event_id,
        defaults={
            "account_id": account_id,
            "kind": kind,
            "due_at": Now(),
            "give_up_at": Now() + GIVE_UP_AFTER,
            "created_at": Now(),
        },
    )
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(due_at=Greatest(Now(), F("rest_until")))
