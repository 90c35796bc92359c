"""Proof that counters and buckets are what the events say: counted again, in another manner.

Slow on purpose: events by the ORM, periods looked through one by one, lists added up at the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from billing.catalog.models import Charge, Meter
from billing.kernel.decimals import exact, format_decimal
from billing.metering.models import (
    NO_ID,
    UsageBucket,
    UsageBucketValue,
    UsageCounter,
    UsageCounterValue,
    UsageEvent,
)
from billing.metering.quotas.verify import verify_windows
from billing.metering.retention import kept_from
from billing.metering.timeline import DAWN
from billing.rating.filters import ChargeFilter, ChargeMatcher
from billing.subscriptions.models import Segment, SubscriptionPeriod

Key = tuple[Any, ...]
Row = dict[str, Any]
"""total, events, corrections, maximum, latest, values: as text and numbers that compare."""

COLUMNS: Final = {"userId": "user_id", "resourceId": "resource_id", "resourceType": "resource_type"}


@dataclass
class _Account:
    """An account's timeline and prices, read once."""

    periods: list[SubscriptionPeriod]
    segments: list[Segment]
    meters: Mapping[int, Meter]
    matchers: dict[UUID, ChargeMatcher[UUID]] = field(default_factory=dict)

    def place_of(self, event: UsageEvent) -> tuple[UUID, UUID]:
        """Return the period and the charge that an event counts under."""
        for period in self.periods:
            if not period.start_at <= event.occurred_at < period.end_at:
                continue
            for segment in self.segments:
                if (
                    segment.subscription_id == period.subscription_id
                    and segment.start_at <= event.occurred_at
                    and (segment.end_at is None or event.occurred_at < segment.end_at)
                ):
                    charge = None if period.is_trial else self.charge_of(segment, event)
                    return period.id, charge or NO_ID
        return NO_ID, NO_ID

    def charge_of(self, segment: Segment, event: UsageEvent) -> UUID | None:
        matcher = self.matchers.get(segment.plan_version_id)
        if matcher is None:
            charges = Charge.objects.filter(plan_version_id=segment.plan_version_id)
            matcher = self.matchers[segment.plan_version_id] = ChargeMatcher(
                ChargeFilter(key=c.id, metric_type=c.meter.metric_type, properties=c.filter)
                for c in charges.select_related("meter").order_by("position")
            )
        return matcher.charge_for(self.meters[event.meter_id].metric_type, event.metadata)


def verify(account_id: UUID) -> list[str]:
    """Return where counters, buckets and quotas' windows differ from the account's events.

    Counters of events that are deleted (`retention`) are left out. Right only while nobody records:
    take the exclusive timeline lock first, or be alone.
    """
    meters = Meter.objects.in_bulk()
    account = _Account(
        list(SubscriptionPeriod.objects.filter(account_id=account_id).order_by("start_at")),
        list(Segment.objects.filter(account_id=account_id)),
        meters,
    )
    by_bucket: dict[Key, list[UsageEvent]] = defaultdict(list)
    by_counter: dict[Key, list[UsageEvent]] = defaultdict(list)
    kept = kept_from(account_id) or DAWN
    events = UsageEvent.objects.filter(account_id=account_id, voided_at=None, occurred_at__gte=kept)
    for event in events.iterator():
        place = account.place_of(event)
        hour = event.occurred_at.replace(minute=0, second=0, microsecond=0)
        dimensions = (event.resource_type, event.resource_id, event.cost_center_id)
        by_bucket[(hour, event.meter_id, *place, *dimensions)].append(event)
        if place[1] != NO_ID:
            by_counter[place].append(event)
    gone = _counted_without_events(account_id, kept)
    counted = {place: row for place, row in by_counter.items() if place not in gone}
    counters = {
        place: row for place, row in _kept_counters(account_id).items() if place not in gone
    }
    with exact():
        return [
            *_differences("bucket", _recount(by_bucket, meters), _kept_buckets(account_id, kept)),
            *_differences("counter", _recount(counted, meters), counters),
            *verify_windows(account_id, kept),
        ]


def _counted_without_events(account_id: UUID, kept: datetime) -> set[Key]:
    """Return the places of counters that count events which are deleted by now."""
    older = UsageBucket.objects.filter(account_id=account_id, hour_at__lt=kept)
    return set(older.values_list("period_id", "charge_id").distinct())


def _recount(groups: Mapping[Key, list[UsageEvent]], meters: Mapping[int, Meter]) -> dict[Key, Row]:
    return {key: _row(events, meters[events[0].meter_id]) for key, events in groups.items()}


def _row(events: Sequence[UsageEvent], meter: Meter) -> Row:
    quantities = [event.quantity for event in events]
    newest = max(events, key=lambda event: (event.occurred_at, event.seq))
    values: dict[str, int] = defaultdict(int)
    if meter.aggregation == "UNIQUE":
        for event in events:
            values[_value(event, meter.unique_field)] += 1
    return {
        "total": format_decimal(sum(quantities, Decimal(0))),
        "events": len(events),
        "corrections": sum(event.is_correction for event in events),
        "maximum": format_decimal(max(quantities)) if meter.aggregation == "MAX" else "0",
        "latest": format_decimal(newest.quantity) if meter.aggregation == "LATEST" else "0",
        "values": dict(values),
    }


def _value(event: UsageEvent, name: str) -> str:
    if name in COLUMNS:
        return str(getattr(event, COLUMNS[name]))
    return str((event.metadata or {})[name])


def _kept(row: UsageBucket | UsageCounter, values: dict[str, int]) -> Row:
    return {
        "total": format_decimal(row.total),
        "events": row.events,
        "corrections": row.corrections,
        "maximum": format_decimal(row.maximum),
        "latest": format_decimal(row.latest),
        "values": values,
    }


def _kept_buckets(account_id: UUID, kept: datetime) -> dict[Key, Row]:
    buckets = list(UsageBucket.objects.filter(account_id=account_id, hour_at__gte=kept))
    values: dict[int, dict[str, int]] = defaultdict(dict)
    for row in UsageBucketValue.objects.filter(bucket_id__in=[b.id for b in buckets]):
        values[row.bucket_id][row.value] = row.references
    return {
        (
            b.hour_at,
            b.meter_id,
            b.period_id,
            b.charge_id,
            b.resource_type,
            b.resource_id,
            b.cost_center_id,
        ): _kept(b, values[b.id])
        for b in buckets
    }


def _kept_counters(account_id: UUID) -> dict[Key, Row]:
    counters = list(UsageCounter.objects.filter(account_id=account_id))
    values: dict[Key, dict[str, int]] = defaultdict(dict)
    periods = {counter.period_id for counter in counters}
    for row in UsageCounterValue.objects.filter(period_id__in=periods):
        values[row.period_id, row.charge_id][row.value] = row.references
    found = {}
    for counter in counters:
        key = (counter.period_id, counter.charge_id)
        found[key] = _kept(counter, values[key])
        if counter.distinct_values != len(values[key]):
            found[key]["values"] = f"{counter.distinct_values} by its own account"
    return found


NOTHING: Final[Row] = {
    "total": "0",
    "events": 0,
    "corrections": 0,
    "maximum": "0",
    "latest": "0",
    "values": {},
}


def _differences(noun: str, wanted: Mapping[Key, Row], kept: Mapping[Key, Row]) -> Iterable[str]:
    for key in wanted.keys() | kept.keys():
        should, is_now = wanted.get(key, NOTHING), kept.get(key, NOTHING)
        if should != is_now:
            yield f"{noun} {key}: kept {is_now}, the events say {should}"
