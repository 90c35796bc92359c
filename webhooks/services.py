"""What can be done to endpoints and deliveries: each in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from billing.accounts import audit
from billing.kernel.errors import NotFound, invalid
from billing.kernel.services import service
from billing.models import Account
from billing.outbox import waking
from billing.outbox.kinds import EventKind
from webhooks.disabling import switch_off
from webhooks.errors import WebhookDisabled, WebhookLimitReached
from webhooks.handing_on import GIVE_UP_AFTER, wake_endpoints
from webhooks.models import DeliveryStatus, DisabledReason, WebhookDelivery, WebhookEndpoint
from webhooks.payloads import TEST_KIND
from webhooks.signing import new_secret
from webhooks.targets import parse_target

MOST_ENDPOINTS: Final = 20
MOST_TYPES: Final = 50
MOST_OVERLAP: Final = timedelta(days=7)
SUBJECTS: Final = frozenset(kind.partition(".")[0] for kind in EventKind.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What shall be different. None: stays as it is."""

    url: str | None = None
    description: str | None = None
    event_types: Sequence[str] | None = None
    is_enabled: bool | None = None


def check_url(url: str, *, field: str = "url") -> str:
    """Return a URL that may be sent to. Raises InvalidRequest with the rule that it breaks."""
    try:
        parse_target(url, settings.BILLING["BILLING_WEBHOOK_NETWORKS"])
    except ValueError as error:
        raise invalid(field, str(error)) from None
    return url


def _check_types(types: Sequence[str]) -> list[str]:
    """Return the kinds once each, in order. Raises InvalidRequest."""
    if len(types) > MOST_TYPES:
        raise invalid("eventTypes", f"must have at most {MOST_TYPES} entries")
    for number, kind in enumerate(types):
        subject, _, rest = kind.partition(".")
        if kind not in EventKind.values and not (rest == "*" and subject in SUBJECTS):
            known = ", ".join(EventKind.values)
            raise invalid(f"eventTypes[{number}]", f"must be one of {known}, or such as invoice.*")
    return list(dict.fromkeys(types))


@service
def create_endpoint(
    *,
    account_id: UUID | None,
    url: str,
    event_types: Sequence[str] = (),
    description: str = "",
    now: datetime,
) -> WebhookEndpoint:
    """Make an endpoint of a tenant, or of the operator for all tenants. `now` is real time.

    Raises TenantNotFound, InvalidRequest, WebhookLimitReached.
    """
    account = None if account_id is None else Account.objects.lock(account_id)
    check_url(url)
    kinds = _check_types(event_types)
    if WebhookEndpoint.objects.filter(account=account, is_private=False).count() >= MOST_ENDPOINTS:
        raise WebhookLimitReached
    endpoint = WebhookEndpoint.objects.create(
        account=account,
        url=url,
        description=description,
        event_types=kinds,
        secret=new_secret(),
        created_at=now,
        updated_at=now,
    )
    _audit(endpoint, "created", None, now=now)
    return endpoint


def _locked(endpoint_id: UUID) -> WebhookEndpoint:
    """Return the endpoint, its account locked first. Raises NotFound, TenantNotFound."""
    account_id = WebhookEndpoint.objects.filter(pk=endpoint_id).values_list("account_id").first()
    if account_id is None:
        raise NotFound(noun="webhook")
    if account_id[0] is not None:
        Account.objects.lock(account_id[0])
    rows = WebhookEndpoint.objects.select_for_update(of=("self",)).select_related("account")
    found = rows.filter(pk=endpoint_id).first()
    if found is None:
        raise NotFound(noun="webhook")
    return found


@service
def change_endpoint(*, endpoint_id: UUID, changes: Changes, now: datetime) -> WebhookEndpoint:
    """Change what is given; enabling it begins anew, with nothing waiting. `now` is real time.

    Raises NotFound, InvalidRequest.
    """
    endpoint = _locked(endpoint_id)
    before = _state(endpoint)
    if changes.url is not None:
        endpoint.url = check_url(changes.url)
    if changes.description is not None:
        endpoint.description = changes.description
    if changes.event_types is not None:
        endpoint.event_types = _check_types(changes.event_types)
    if changes.is_enabled is True and not endpoint.is_enabled:
        endpoint.is_enabled = True
        endpoint.disabled_reason, endpoint.disabled_at = "", None
        endpoint.failures, endpoint.failing_since, endpoint.rest_until = 0, None, None
    endpoint.updated_at = now
    endpoint.save()
    if changes.is_enabled is False:
        switch_off(endpoint, DisabledReason.BY_HAND, now=now)
    if _state(endpoint) != before:
        _audit(endpoint, "updated", before, now=now)
    return endpoint


@service
def delete_endpoint(*, endpoint_id: UUID, now: datetime) -> None:
    """Delete it with its deliveries. Raises NotFound."""
    endpoint = _locked(endpoint_id)
    _audit(endpoint, "deleted", _state(endpoint), now=now)
    endpoint.delete()


@service
def rotate_secret(*, endpoint_id: UUID, overlap: timedelta, now: datetime) -> WebhookEndpoint:
    """Make a new secret; until `overlap` is over, messages are signed with the old one too.

    Raises NotFound, InvalidRequest.
    """
    if not timedelta(0) <= overlap <= MOST_OVERLAP:
        raise invalid("overlapSeconds", f"must be from 0 to {MOST_OVERLAP // timedelta(seconds=1)}")
    endpoint = _locked(endpoint_id)
    kept = bool(overlap)
    endpoint.previous_secret = endpoint.secret if kept else ""
    endpoint.previous_until = now + overlap if kept else None
    endpoint.secret = new_secret()
    endpoint.updated_at = now
    endpoint.save()
    _audit(endpoint, "secret_rotated", None, now=now)
    return endpoint


@service
def send_test(*, endpoint_id: UUID, now: datetime) -> WebhookDelivery:
    """Have a message of the kind webhook.test sent to it. Raises NotFound, WebhookDisabled."""
    endpoint = _locked(endpoint_id)
    if not endpoint.is_enabled:
        raise WebhookDisabled
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint,
        account=endpoint.account,
        kind=TEST_KIND,
        due_at=now,
        give_up_at=now,
        created_at=now,
    )
    _wake(endpoint, now=now)
    return delivery


@service
def replay_delivery(*, delivery_id: UUID, now: datetime) -> WebhookDelivery:
    """Have a delivery sent again, now, whatever became of it; under the same `webhook-id`.

    Raises NotFound, WebhookDisabled.
    """
    known = WebhookDelivery.objects.filter(pk=delivery_id).values_list("endpoint_id").first()
    if known is None:
        raise NotFound(noun="delivery")
    endpoint = _locked(known[0])
    if not endpoint.is_enabled:
        raise WebhookDisabled
    delivery = WebhookDelivery.objects.select_for_update().filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(noun="delivery")
    before = delivery.status
    delivery.take_up(at=now, give_up_at=now + GIVE_UP_AFTER)
    delivery.save(update_fields=["status", "due_at", "give_up_at"])
    _wake(endpoint, now=now)
    audit.record(
        action="webhook.replayed",
        account_id=endpoint.account_id,
        subject=delivery.pk,
        before={"status": before},
        after={"status": DeliveryStatus.WAITING},
        now=now,
    )
    return delivery


def _wake(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Look at it now, also where it rests: somebody is waiting."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(rest_until=None)
    wake_endpoints({endpoint.pk}, now=now)
    transaction.on_commit(waking.wake)


def _state(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return what the audit keeps: the URL without its query, which may hold a token."""
    return {
        "url": endpoint.url.partition("?")[0],
        "eventTypes": endpoint.event_types,
        "description": endpoint.description,
        "isEnabled": endpoint.is_enabled,
    }


def _audit(endpoint: WebhookEndpoint, what: str, before: Any, *, now: datetime) -> None:
    audit.record(
        action=f"webhook.{what}",
        account_id=endpoint.account_id,
        subject=endpoint.pk,
        before=before,
        after=None if what == "deleted" else _state(endpoint),
        now=now,
    )
