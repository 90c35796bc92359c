"""A store of usage in memory that is plainly right: a list of events, added up at each question.

It shares with the engine the words it is asked in (`billing.metering.interface`), and reads periods
and plans from the tables of subscriptions, which are no part of a store of usage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.kernel.errors import NotFound
from billing.metering.events import AccountBatch, MeterTraits, NewEvent
from billing.metering.models import NO_ID, UsageEvent
from billing.metering.pages import EventFilter, Position
from billing.metering.read import CounterValue
from billing.metering.summary import GroupBy, UsageLine
from billing.models import Charge, Segment, SubscriptionPeriod

Place = tuple[UUID, UUID]


@dataclass
class Kept:
    """An event, when it came, and whether it counts."""

    account_id: UUID
    event: NewEvent
    seq: int
    recorded_at: datetime
    voided_at: datetime | None = None


class SlowStore:
    """The model. `counted` is what its counters were after the last change."""

    def __init__(self) -> None:
        self.events: list[Kept] = []
        self.counted: dict[Place, CounterValue] = {}

    def record(self, batches: Sequence[AccountBatch], /) -> list[list[bool]]:
        outcomes = []
        for batch in batches:
            flags = []
            for event in batch.events:
                is_new = not self.stored_ids(batch.account_id, [event.event_id])
                if is_new:
                    number = len(self.events) + 1
                    kept = Kept(batch.account_id, event, number, batch.recorded_at)
                    self.events.append(kept)
                flags.append(is_new)
            outcomes.append(flags)
        self._count()
        return outcomes

    def void_event(self, *, account_id: UUID, event_id: str, now: datetime) -> bool:
        for kept in self.events:
            if (kept.account_id, kept.event.event_id) == (account_id, event_id):
                was_void = kept.voided_at is not None
                kept.voided_at = kept.voided_at or now
                self._count()
                return not was_void
        raise NotFound(noun="usage event")

    def rebuild(self, account_id: UUID, start: datetime, end: datetime | None, /) -> None:
        self._count()

    def counters_of(self, period_ids: Sequence[UUID], /) -> dict[Place, CounterValue]:
        return {place: value for place, value in self.counted.items() if place[0] in period_ids}

    def account_version(self, account_id: UUID, /) -> int:
        periods = SubscriptionPeriod.objects.filter(account_id=account_id)
        mine = set(periods.values_list("id", flat=True))
        return sum(value.version for (period, _), value in self.counted.items() if period in mine)

    def stored_ids(self, account_id: UUID, event_ids: Sequence[str], /) -> set[str]:
        mine = {kept.event.event_id for kept in self.events if kept.account_id == account_id}
        return mine & set(event_ids)

    def has_usage(self, *, meter_id: int) -> bool:
        return any(kept.event.meter.id == meter_id for kept in self.events)

    def summarize(
        self,
        account_id: UUID,
        start: datetime,
        end: datetime,
        /,
        *,
        meters: dict[int, MeterTraits],
        meter_id: int | None = None,
        group_by: GroupBy = GroupBy.METER,
    ) -> list[UsageLine]:
        groups: dict[tuple[Any, ...], list[Kept]] = defaultdict(list)
        for kept in self._counting(account_id):
            event = kept.event
            if start <= event.occurred_at < end and meter_id in (None, event.meter.id):
                groups[event.meter.id, *_group(event, group_by)].append(kept)
        return [
            UsageLine(
                meter_id=key[0],
                group=key[1:],
                quantity=_quantity(groups[key], meters[key[0]].aggregation),
                events=len(groups[key]),
            )
            for key in sorted(groups)
        ]

    def events_page(
        self, account_id: UUID, wanted: EventFilter, /, *, after: Position | None, limit: int
    ) -> tuple[Sequence[UsageEvent], Position | None]:
        found = [
            _row(kept)
            for kept in self.events
            if kept.account_id == account_id and _is_wanted(kept, wanted)
        ]
        found.sort(key=lambda row: (row.occurred_at, row.seq), reverse=True)
        if after is not None:
            place = (after.occurred_at, after.seq)
            found = [row for row in found if (row.occurred_at, row.seq) < place]
        more = len(found) > limit
        last = found[limit - 1] if more else None
        return found[:limit], Position(last.occurred_at, last.seq) if last else None

    def forget_usage(self, account_ids: Sequence[UUID], /) -> None:
        self.events = [kept for kept in self.events if kept.account_id not in account_ids]
        periods = SubscriptionPeriod.objects.filter(account_id__in=account_ids)
        gone = set(periods.values_list("id", flat=True))
        self.counted = {at: value for at, value in self.counted.items() if at[0] not in gone}

    def _counting(self, account_id: UUID) -> Iterator[Kept]:
        for kept in self.events:
            if kept.account_id == account_id and kept.voided_at is None:
                yield kept

    def _count(self) -> None:
        """Add everything up; a counter that is another than before has another version."""
        groups: dict[Place, list[Kept]] = defaultdict(list)
        plans = Plans({kept.account_id for kept in self.events})
        for kept in self.events:
            is_void = kept.voided_at is not None
            place = None if is_void else plans.place_of(kept.account_id, kept.event)
            if place is not None:
                groups[place].append(kept)
        for place in groups.keys() | self.counted.keys():
            before = self.counted.get(place, CounterValue())
            now = _value(groups.get(place, []), before.version)
            if now != before:
                self.counted[place] = _value(groups.get(place, []), before.version + 1)


class Plans:
    """The periods, plans and charges of accounts, as they are at one moment."""

    def __init__(self, account_ids: set[UUID]) -> None:
        mine = {"account_id__in": account_ids}
        self.periods = list(SubscriptionPeriod.objects.filter(**mine).order_by("start_at"))
        self.segments = list(Segment.objects.filter(**mine))
        self.charges = list(Charge.objects.order_by("position"))

    def place_of(self, account_id: UUID, event: NewEvent) -> Place | None:
        """Return the period and the charge that an event counts under, if there is one."""
        at = event.occurred_at
        for period in self.periods:
            for segment in self.segments:
                is_its = segment.subscription_id == period.subscription_id
                holds = segment.start_at <= at and (segment.end_at is None or at < segment.end_at)
                within = period.account_id == account_id and period.start_at <= at < period.end_at
                if is_its and holds and within:
                    charge = None if period.is_trial else self.charge_of(segment, event)
                    return (period.id, charge.id) if charge else None
        return None

    def charge_of(self, segment: Segment, event: NewEvent) -> Charge | None:
        """Return the first charge whose filter the event meets, else the one without a filter."""
        place = (segment.plan_version_id, event.meter.id)
        charges = [one for one in self.charges if (one.plan_version_id, one.meter_id) == place]
        said = event.metadata or {}
        for charge in charges:
            asked = charge.filter or {}
            if asked and all(said.get(name) == value for name, value in asked.items()):
                return charge
        return next((charge for charge in charges if not charge.filter), None)


def _value(kept: list[Kept], version: int) -> CounterValue:
    if not kept:
        return CounterValue(version=version)
    aggregation = kept[0].event.meter.aggregation
    quantities = [Decimal(one.event.quantity) for one in kept]
    newest = max(kept, key=lambda one: (one.event.occurred_at, one.seq))
    distinct = {one.event.unique_value for one in kept}
    return CounterValue(
        total=sum(quantities, Decimal(0)),
        events=len(kept),
        corrections=sum(one.event.is_correction for one in kept),
        maximum=max(quantities) if aggregation == "MAX" else Decimal(0),
        latest=Decimal(newest.event.quantity) if aggregation == "LATEST" else Decimal(0),
        distinct_values=len(distinct) if aggregation == "UNIQUE" else 0,
        version=version,
    )


def _quantity(kept: list[Kept], aggregation: str) -> Decimal:
    value = _value(kept, 0)
    return {
        "SUM": value.total,
        "COUNT": Decimal(value.events),
        "MAX": value.maximum,
        "LATEST": value.latest,
        "UNIQUE": Decimal(value.distinct_values),
    }[aggregation]


def _group(event: NewEvent, group_by: GroupBy) -> tuple[Any, ...]:
    hour = event.occurred_at.replace(minute=0, second=0, microsecond=0)
    center = None if event.cost_center_id == str(NO_ID) else UUID(event.cost_center_id)
    groups: dict[GroupBy, tuple[Any, ...]] = {
        GroupBy.METER: (),
        GroupBy.RESOURCE: (event.resource_type, event.resource_id),
        GroupBy.COST_CENTER: (center,),
        GroupBy.HOUR: (hour,),
        GroupBy.DAY: (hour.replace(hour=0),),
    }
    return groups[group_by]


def _is_wanted(kept: Kept, wanted: EventFilter) -> bool:
    event = kept.event
    return (
        (wanted.start is None or wanted.start <= event.occurred_at)
        and (wanted.end is None or event.occurred_at < wanted.end)
        and wanted.meter_id in (None, event.meter.id)
        and wanted.resource_id in ("", event.resource_id)
        and (wanted.with_voided or kept.voided_at is None)
    )


def _row(kept: Kept) -> UsageEvent:
    event = kept.event
    return UsageEvent(
        account_id=kept.account_id,
        event_id=event.event_id,
        seq=kept.seq,
        meter_id=event.meter.id,
        quantity=Decimal(event.quantity),
        occurred_at=event.occurred_at,
        recorded_at=kept.recorded_at,
        voided_at=kept.voided_at,
    )
