"""From events to deliveries: each event is handed to every endpoint that asked for its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest
from django.utils.module_loading import import_string

from billing.kernel.services import service
from billing.models import OutboxEvent
from webhooks.models import WebhookDelivery, WebhookEndpoint

BATCH: Final = 200
GIVE_UP_AFTER: Final = timedelta(days=3)


@service
def hand_on(*, now: datetime, limit: int = BATCH) -> int:
    """Take up to `limit` events that are due, and return how many. `now` is real time.

    Safe from any number of workers: rows that another one holds are left to it.
    """
    due = OutboxEvent.objects.filter(due_at__isnull=False).order_by("account_id", "number")
    events = list(due.select_for_update(skip_locked=True)[:limit])
    if not events:
        return 0
    rows = list(_deliveries(events, now=now))
    WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    wake_endpoints({row.endpoint_id for row in rows}, now=now)
    _tell_listeners(events, now=now)
    OutboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(due_at=None)
    return len(events)


def _tell_listeners(events: Sequence[OutboxEvent], *, now: datetime) -> None:
    """Let apps above take note of what happened, by name, within this transaction."""
    for name, subject in settings.BILLING_EVENT_LISTENERS.items():
        accounts = {row.account_id for row in events if row.kind.partition(".")[0] == subject}
        if accounts:
            import_string(name)(sorted(accounts), now=now)


def _deliveries(events: Sequence[OutboxEvent], *, now: datetime) -> Iterator[WebhookDelivery]:
    accounts = {event.account_id for event in events}
    asked = Q(account_id__in=accounts) | Q(account_id__isnull=True)
    endpoints = list(WebhookEndpoint.objects.filter(asked, is_enabled=True, is_private=False))
    for event in events:
        for endpoint in endpoints:
            if endpoint.account_id in {None, event.account_id} and endpoint.wants(event.kind):
                yield WebhookDelivery(
                    endpoint=endpoint,
                    account_id=event.account_id,
                    event=event,
                    kind=event.kind,
                    due_at=now,
                    give_up_at=now + GIVE_UP_AFTER,
                    created_at=now,
                )


def wake_endpoints(ids: set[UUID], *, now: datetime) -> None:
    """Have the endpoints looked at now, or once they have rested."""
    if not ids:
        return
    soon = Greatest(Value(now), F("rest_until"))
    rows = WebhookEndpoint.objects.filter(pk__in=ids)
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))  # in one order
    rows.update(due_at=Case(When(due_at__lte=soon, then=F("due_at")), default=soon))
