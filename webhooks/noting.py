"""Noting what became of an attempt: delivered, tried again later, or given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from billing.kernel.services import service
from webhooks import claiming
from webhooks.disabling import DISABLE_AFTER, switch_off
from webhooks.models import DeliveryStatus, DisabledReason, WebhookDelivery, WebhookEndpoint
from webhooks.posting import Answer

DELAYS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200)
)
"""After each failure; the last one again and again, until the delivery is given up."""
RESTS: Final = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 30, 60, 300))
"""How long an endpoint is left alone after its n-th failure in a row."""
LOG_LENGTH: Final = 20


@service
def note(*, delivery_id: UUID, answer: Answer, now: datetime) -> DeliveryStatus | None:
    """Write down what an attempt brought. None: the delivery, or its endpoint, is gone meanwhile.

    An answer of 410 disables the endpoint, and so does three days without a single success.
    """
    endpoint_id = WebhookDelivery.objects.filter(pk=delivery_id).values("endpoint_id")
    endpoint = (
        WebhookEndpoint.objects.select_for_update(no_key=True, of=("self",))
        .select_related("account")
        .filter(pk__in=endpoint_id)
        .first()
    )
    delivery = WebhookDelivery.objects.select_for_update().filter(pk=delivery_id).first()
    if endpoint is None or delivery is None or delivery.status != DeliveryStatus.WAITING:
        return None
    _log(delivery, answer, now=now)
    if answer.is_success:
        delivery.deliver(at=now)
        _well(endpoint)
    else:
        _retry(delivery, now=now)
        _ill(endpoint, now=now)
    delivery.save(update_fields=["status", "attempts", "log", "due_at", "delivered_at"])
    if answer.status == 410:
        switch_off(endpoint, DisabledReason.GONE, now=now)
    elif endpoint.failing_since is not None and now >= endpoint.failing_since + DISABLE_AFTER:
        switch_off(endpoint, DisabledReason.FAILURES, now=now)
    claiming.aim(endpoint.pk)
    return DeliveryStatus(delivery.status)


def _log(delivery: WebhookDelivery, answer: Answer, *, now: datetime) -> None:
    entry = {
        "at": now.isoformat().replace("+00:00", "Z"),
        "status": answer.status,
        "failure": answer.failure,
        "snippet": answer.snippet,
        "milliseconds": answer.milliseconds,
    }
    delivery.attempts += 1
    delivery.log = [*delivery.log, entry][-LOG_LENGTH:]


def _retry(delivery: WebhookDelivery, *, now: datetime) -> None:
    """Wait longer each time; the last attempt is at the end of its three days."""
    if now >= delivery.give_up_at:
        delivery.give_up()
        return
    delay = DELAYS[min(delivery.attempts, len(DELAYS)) - 1]
    delivery.due_at = min(now + delay, delivery.give_up_at)


def _well(endpoint: WebhookEndpoint) -> None:
    if endpoint.failing_since is not None:
        endpoint.failing_since = endpoint.rest_until = None
        endpoint.failures = 0
        endpoint.save(update_fields=["failing_since", "failures", "rest_until"])


def _ill(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.rest_until = now + RESTS[min(endpoint.failures, len(RESTS)) - 1]
    endpoint.save(update_fields=["failing_since", "failures", "rest_until"])
