"""A plan's fee in a period: what is charged for it, and what pauses and changes give back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from tests.reference.calendar_time import seconds
from tests.reference.money import rounded
from tests.reference.terms import Plan

Stretch = tuple[datetime, datetime]


@dataclass
class Item:
    """One charge for a plan's fee.

    `stopped` is when a change or an early end gave back the rest. Of an item in arrears an early
    end moves `end` itself. `gross` and `net` are its line's amount, and that less its discount,
    once the line stands on an invoice.
    """

    plan: Plan
    type: str
    start: datetime
    end: datetime
    stopped: datetime | None = None
    gross: int = 0
    net: int = 0

    @property
    def in_force_until(self) -> datetime:
        return self.stopped or self.end

    @property
    def billed_before(self) -> bool:
        """Tell whether the line stands on the invoice before that of its own period."""
        return self.plan.in_advance and self.type == "PLAN"


@dataclass
class Period:
    """A subscription's period [start, end); `whole` is the one that it is, or is a part, of."""

    start: datetime
    end: datetime
    whole: Stretch
    trial: bool = False
    items: list[Item] = field(default_factory=list)
    used: list[tuple[Plan, datetime, datetime]] = field(default_factory=list)
    settled: bool = False
    percents: list[Fraction] = field(default_factory=list)
    invoiced: dict[tuple[str, int], int] = field(default_factory=dict)

    def share(self, elapsed: int) -> Fraction:
        return Fraction(elapsed, seconds(*self.whole))


def overlaps(pauses: Sequence[Stretch], start: datetime, end: datetime) -> Iterator[Stretch]:
    """Yield the parts of pauses that fall into [start, end)."""
    for pause_start, pause_end in pauses:
        first, last = max(start, pause_start), min(end, pause_end)
        if first < last:
            yield first, last


def charged(item: Item, period: Period, pauses: Sequence[Stretch]) -> int:
    """Return an item's line: in arrears it is less by the pauses while it was in force."""
    elapsed = seconds(item.start, item.end)
    if not item.plan.in_advance:
        paused = overlaps(pauses, item.start, min(item.end, item.in_force_until))
        elapsed -= sum(seconds(*pause) for pause in paused)
    return rounded(item.plan.price * period.share(elapsed))


def unused(item: Item, pauses: Sequence[Stretch]) -> list[Stretch]:
    """Return the stretches whose fee is given back by negative PRORATION lines."""
    found: list[Stretch] = []
    if item.plan.in_advance:
        found += overlaps(pauses, item.start, item.in_force_until)
    if item.stopped and item.stopped < item.end:
        found.append((item.stopped, item.end))
    return found


def given_back(item: Item, period: Period, stretch: Stretch, cost: Fraction) -> int:
    """Return what a stretch's fee cost, where `cost` is how much of the fee was paid."""
    return -rounded(item.plan.price * period.share(seconds(*stretch)) * cost)


def own_fee(plan: Plan, period: Period, pauses: Sequence[Stretch]) -> int:
    """Return a plan's fee for time in a period, before discounts."""
    items = [item for item in period.items if item.plan.code == plan.code]
    return sum(
        charged(item, period, pauses)
        + sum(given_back(item, period, part, Fraction(1)) for part in unused(item, pauses))
        for item in items
    )
