"""Taking what is due, a bounded part of it, for a time in which it is sent and noted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from billing.kernel.services import service
from webhooks.models import WebhookDelivery, WebhookEndpoint

LEASE: Final = timedelta(seconds=60)
"""Longer than any attempt: a worker that died is taken over from after it, so it is sent again."""
AT_ONCE: Final = 8
ENDPOINTS: Final = 4


TURN: Final = 7_302_001


def take_turn() -> bool:
    """Say whether this process may send: one at a time, so that slow receivers hold up one alone.

    The turn is the database session's, and ends with it where the process dies.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [TURN])
        return bool(cursor.fetchone()[0])


def end_turn() -> None:
    """Let another process send."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [TURN])


@service
def claim(*, now: datetime, endpoints: int = ENDPOINTS) -> list[WebhookDelivery]:
    """Take deliveries of up to `endpoints` that are due: 8 of each, one of a failing one."""
    due = WebhookEndpoint.objects.filter(is_enabled=True, due_at__lte=now).order_by("due_at")
    found = list(due.select_for_update(skip_locked=True, no_key=True)[:endpoints])
    claimed = [row for endpoint in found for row in _of(endpoint, now=now)]
    WebhookDelivery.objects.filter(pk__in=[row.pk for row in claimed]).update(due_at=now + LEASE)
    busy = {row.endpoint_id for row in claimed}
    WebhookEndpoint.objects.filter(pk__in=busy).update(due_at=now + LEASE)
    for endpoint in found:
        if endpoint.pk not in busy:
            aim(endpoint.pk)
    return claimed


def _of(endpoint: WebhookEndpoint, *, now: datetime) -> Sequence[WebhookDelivery]:
    due = WebhookDelivery.objects.filter(endpoint=endpoint, due_at__lte=now)
    rows = due.select_related("event", "endpoint").order_by("due_at", "created_at", "id")
    limit = 1 if endpoint.failing_since else AT_ONCE
    return list(rows.select_for_update(of=("self",), skip_locked=True)[:limit])


def aim(endpoint_id: UUID) -> None:
    """Set when to look at the endpoint next: its first delivery's time, not before it has rested.

    The caller holds the endpoint's row.
    """
    endpoint = WebhookEndpoint.objects.get(pk=endpoint_id)
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, due_at__isnull=False)
    first = waiting.order_by("due_at").values_list("due_at", flat=True).first()
    if first is not None and endpoint.rest_until is not None:
        first = max(first, endpoint.rest_until)
    WebhookEndpoint.objects.filter(pk=endpoint_id).update(
        due_at=first if endpoint.is_enabled else None
    )
