"""An endpoint, events for it, and the clock that its deliveries are tried by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from billing.models import Account
from billing.outbox import publish
from webhooks import handing_on, sending, services
from webhooks.models import WebhookDelivery, WebhookEndpoint

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2999, 1, 1, tzinfo=UTC)


def endpoint(of: Account | None, url: str, *types: str, now: datetime = NOW) -> WebhookEndpoint:
    return services.create_endpoint(
        account_id=None if of is None else of.pk, url=url, event_types=types, now=now
    )


def happen(account_id: UUID, *kinds: str) -> None:
    """Publish events, and hand them on at NOW."""
    for kind in kinds:
        publish(account_id, kind, {"about": kind}, now=NOW)
    handing_on.hand_on(now=NOW)


def send(at: datetime = NOW) -> int:
    return sending.send_due(read_clock=lambda: at, budget=5)


def state(**of: Any) -> list[tuple[str, int, datetime | None]]:
    rows = WebhookDelivery.objects.filter(**of).order_by("event__number", "created_at")
    return [(row.status, row.attempts, row.due_at) for row in rows]


def seconds(number: int) -> timedelta:
    return timedelta(seconds=number)
