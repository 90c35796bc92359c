"""Usage as staff look at it: pages of events, and what the last day brought, from the buckets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import TruncHour

from billing.metering.models import UsageBucket, UsageEvent

PAGE: Final = 50
BUSIEST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events of an account; empty takes all. `before` is the last page's last place."""

    meter_id: int | None = None
    event_id: str = ""
    resource_id: str = ""
    before: tuple[datetime, int] | None = None


def events_page(account_id: UUID, wanted: EventFilter) -> tuple[list[UsageEvent], bool]:
    """Return a page of an account's events, newest first, and whether there are older ones.

    Pages go along the index of (account, time, sequence): nothing is counted, nothing skipped.
    """
    rows: QuerySet[UsageEvent] = UsageEvent.objects.filter(account_id=account_id)
    if wanted.event_id:
        rows = rows.filter(event_id=wanted.event_id)
    if wanted.meter_id is not None:
        rows = rows.filter(meter_id=wanted.meter_id)
    if wanted.resource_id:
        rows = rows.filter(resource_id=wanted.resource_id)
    if wanted.before is not None:
        at, seq = wanted.before
        rows = rows.filter(occurred_at__lte=at).exclude(occurred_at=at, seq__gte=seq)
    found = list(rows.order_by("-occurred_at", "-seq")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def busiest(*, since: datetime) -> list[Mapping[str, object]]:
    """Return the accounts and meters with most events since then, from whole hours' buckets."""
    rows = (
        UsageBucket.objects.filter(hour_at__gte=since)
        .values("account_id", "meter_id")
        .annotate(events=Sum("events"), latest=Max("hour_at"))
        .order_by("-events")
    )
    return list(rows[:BUSIEST])


def events_by_hour(*, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """Return the number of events of each whole hour in [since, until), zeros too."""
    rows = (
        UsageBucket.objects.filter(hour_at__gte=since, hour_at__lt=until)
        .values(hour=TruncHour("hour_at"))
        .annotate(events=Sum("events"))
    )
    counted = {row["hour"]: int(row["events"]) for row in rows}
    hours = int((until - since) / timedelta(hours=1))
    return [
        (since + timedelta(hours=n), counted.get(since + timedelta(hours=n), 0))
        for n in range(hours)
    ]
