"""Events added up in memory: one bucket for each hour, stretch, charge and set of dimensions.

Recording and rebuilding use the same tally, so they can't disagree. The loop of `add` is the
hottest of the system: what it reads repeatedly stands in local names.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from billing.catalog.models import Aggregation
from billing.kernel.decimals import exact
from billing.metering.events import NO_ID_TEXT, NewEvent
from billing.metering.matching import NOTHING_CHARGED, MeterCharges, charges_of
from billing.metering.timeline import DAWN, Stretch, Timeline

HOUR: Final = timedelta(hours=1)
ADDING: Final = frozenset({str(Aggregation.SUM), str(Aggregation.COUNT)})


class BucketKey(NamedTuple):
    """The key of a bucket's row, ids as text so that they sort alike here and everywhere."""

    account_id: str
    hour_at: datetime
    meter_id: int
    period_id: str
    charge_id: str
    resource_type: str
    resource_id: str
    cost_center_id: str


class Sums:
    """What is kept of events, as in UsageBucket. `values`: how many events hold each value."""

    __slots__ = (
        "corrections",
        "events",
        "latest",
        "latest_at",
        "latest_seq",
        "maximum",
        "total",
        "values",
    )

    def __init__(self) -> None:
        self.total: int | Decimal = 0
        self.events = 0
        self.corrections = 0
        self.maximum: int | Decimal = 0
        self.latest: int | Decimal = 0
        self.latest_at: datetime | None = None
        self.latest_seq = 0
        self.values: dict[str, int] | None = None

    def observe(self, event: NewEvent, aggregation: str, seq: int) -> None:
        """Take in what an event changes besides total and number."""
        if aggregation == Aggregation.MAX:
            self.maximum = max(self.maximum, event.quantity)
        elif aggregation == Aggregation.LATEST:
            moment = event.occurred_at
            if self.latest_at is None or (moment, seq) > (self.latest_at, self.latest_seq):
                self.latest, self.latest_at, self.latest_seq = event.quantity, moment, seq
        elif aggregation == Aggregation.UNIQUE:
            values = self.values = self.values or {}
            values[event.unique_value] = values.get(event.unique_value, 0) + 1

    def merge(self, other: Sums) -> None:
        """Add another part's sums to these."""
        self.total += other.total
        self.events += other.events
        self.corrections += other.corrections
        self.maximum = max(self.maximum, other.maximum)
        if other.latest_at is not None and (
            self.latest_at is None
            or (other.latest_at, other.latest_seq) > (self.latest_at, self.latest_seq)
        ):
            self.latest, self.latest_at = other.latest, other.latest_at
            self.latest_seq = other.latest_seq
        if other.values:
            values = self.values = dict(self.values or {})
            for value, count in other.values.items():
                values[value] = values.get(value, 0) + count


Dimensions = tuple[int, str, str, str, str]


class Cell:
    """An hour met with a stretch: what all events of one instant share."""

    __slots__ = ("buckets", "charges", "end", "hour_at", "period_id", "start")

    def __init__(self, hour_at: datetime, stretch: Stretch) -> None:
        self.hour_at = hour_at
        self.start = max(hour_at, stretch.start)
        self.end = min(hour_at + HOUR, stretch.end)
        self.period_id = stretch.period_id or NO_ID_TEXT
        self.charges = _charges_in(stretch)
        self.buckets: dict[Dimensions, Sums] = {}


def _charges_in(stretch: Stretch) -> MeterCharges:
    if stretch.plan_version_id is None or stretch.is_trial:
        return NOTHING_CHARGED
    return charges_of(stretch.plan_version_id)


class Tally:
    """The sums of one account's events, classified by its timeline."""

    def __init__(self, account_id: str, timeline: Timeline) -> None:
        self.account_id = account_id
        self._timeline = timeline
        self._cells: dict[tuple[datetime, datetime], Cell] = {}
        self._unique_meters: set[int] = set()

    def cell_at(self, moment: datetime) -> Cell:
        hour_at = moment.replace(minute=0, second=0, microsecond=0)
        stretch = self._timeline.at(moment)
        cell = self._cells.get((hour_at, stretch.start))
        if cell is None:
            cell = self._cells[hour_at, stretch.start] = Cell(hour_at, stretch)
        return cell

    def add(self, numbered: Iterable[tuple[NewEvent, int]]) -> None:
        """Count events, each with its sequence number. Their sums are exact."""
        with exact():
            self._add(numbered)

    def _add(self, numbered: Iterable[tuple[NewEvent, int]]) -> None:
        start = end = DAWN
        buckets: dict[Dimensions, Sums] = {}
        charges = NOTHING_CHARGED
        fixed = charges.fixed
        for event, seq in numbered:
            moment = event.occurred_at
            if not start <= moment < end:
                cell = self.cell_at(moment)
                start, end, buckets = cell.start, cell.end, cell.buckets
                charges = cell.charges
                fixed = charges.fixed
            meter = event.meter
            charge = fixed.get(meter.id) or charges.charge_of(meter.id, event.metadata)
            key = (
                meter.id,
                charge,
                event.resource_type,
                event.resource_id,
                event.cost_center_id,
            )
            sums = buckets.get(key)
            if sums is None:
                sums = buckets[key] = Sums()
            sums.events += 1
            sums.total += event.quantity
            if event.is_correction:
                sums.corrections += 1
            if meter.aggregation not in ADDING:
                sums.observe(event, meter.aggregation, seq)

    def buckets(self) -> list[tuple[BucketKey, Sums]]:
        found = []
        for cell in self._cells.values():
            for (meter_id, charge_id, kind, resource, center), sums in cell.buckets.items():
                key = BucketKey(
                    self.account_id,
                    cell.hour_at,
                    meter_id,
                    cell.period_id,
                    charge_id,
                    kind,
                    resource,
                    center,
                )
                found.append((key, sums))
        return found
