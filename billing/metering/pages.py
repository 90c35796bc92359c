"""The events themselves, newest first, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from billing.metering.models import NO_ID, UsageEvent

StoredEvent = UsageEvent
"""An event as it stands on record: to read, for those who may not touch the tables."""

ABSENT = NO_ID
"""What stands for an id that an event does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events of an account: [start, end) by their own time; None and empty mean all."""

    start: datetime | None = None
    end: datetime | None = None
    meter_id: int | None = None
    resource_id: str = ""
    with_voided: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two events: after the one of this time and number, newest first."""

    occurred_at: datetime
    seq: int


def events_page(
    account_id: UUID, wanted: EventFilter, *, after: Position | None, limit: int
) -> tuple[Sequence[UsageEvent], Position | None]:
    """Return up to `limit` events, newest first, and where the next page begins, if there is one.

    Events that come in meanwhile shift nothing: a page begins after an event, not at a number.
    """
    rows = _filtered(UsageEvent.objects.filter(account_id=account_id), wanted)
    if after is not None:
        rows = rows.filter(occurred_at__lte=after.occurred_at).exclude(
            occurred_at=after.occurred_at, seq__gte=after.seq
        )
    found = list(rows.order_by("-occurred_at", "-seq")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], Position(last.occurred_at, last.seq)


def _filtered(rows: QuerySet[UsageEvent], wanted: EventFilter) -> QuerySet[UsageEvent]:
    if wanted.start is not None:
        rows = rows.filter(occurred_at__gte=wanted.start)
    if wanted.end is not None:
        rows = rows.filter(occurred_at__lt=wanted.end)
    if wanted.meter_id is not None:
        rows = rows.filter(meter_id=wanted.meter_id)
    if wanted.resource_id:
        rows = rows.filter(resource_id=wanted.resource_id)
    return rows if wanted.with_voided else rows.filter(voided_at=None)
