"""One invoice, line by line, from a tenant's life so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from tests.reference.calendar_time import seconds
from tests.reference.fees import Item, Period, Stretch, charged, given_back, own_fee, unused
from tests.reference.money import rounded
from tests.reference.pricing import Event, price_events
from tests.reference.terms import Plan

COMMITMENT = -1


@dataclass
class Line:
    """`off` is its share of the discounts. All in minor units."""

    type: str
    amount: int
    start: datetime
    end: datetime
    off: int = 0
    what: str = ""


@dataclass
class Invoice:
    kind: str
    start: datetime
    end: datetime
    finalized_at: datetime
    lines: list[Line] = field(default_factory=list)
    discount: int = 0
    tax: int = 0
    subtotal: int = 0
    total: int = 0
    granted: int = 0
    applied: int = 0
    due: int = 0


@dataclass(frozen=True)
class Rated:
    """A USAGE or MINIMUM line, and the plan's charge that it is for."""

    key: tuple[str, int]
    line: Line


def stretches_of(plan: Plan, period: Period) -> list[Stretch]:
    return [(start, end) for used, start, end in period.used if used.code == plan.code]


def plans_of(period: Period) -> list[Plan]:
    """Return the plans that were in force for some of a period, each once, in order."""
    by_code = {plan.code: plan for plan, start, end in period.used if start < end}
    return list(by_code.values())


def rate(period: Period, pauses: Sequence[Stretch], events: Sequence[Event]) -> list[Rated]:
    """Price a period's usage anew, each plan's for the time in which it was in force."""
    return (
        []
        if period.trial
        else [
            rated for plan in plans_of(period) for rated in rate_plan(plan, period, pauses, events)
        ]
    )


def rate_plan(
    plan: Plan, period: Period, pauses: Sequence[Stretch], events: Sequence[Event]
) -> list[Rated]:
    stretches = stretches_of(plan, period)
    share = period.share(sum(seconds(*stretch) for stretch in stretches))
    own = [event for event in events if any(a <= event.timestamp < b for a, b in stretches)]
    found: list[Rated] = []

    def add(number: int, kind: str, amount: int, what: str) -> None:
        found.append(
            Rated((plan.code, number), Line(kind, amount, period.start, period.end, what=what))
        )

    for number, charge in enumerate(plan.charges):
        priced = price_events(plan, charge, own, share)
        add(number, "USAGE", priced.usage, charge.metric)
        if priced.minimum:
            add(number, "MINIMUM", priced.minimum, charge.metric)
    together = own_fee(plan, period, pauses) + sum(rated.line.amount for rated in found)
    missing = rounded(plan.commitment * share) - together if plan.commitment is not None else 0
    if missing > 0:
        add(COMMITMENT, "MINIMUM", missing, "commitment")
    return found


def totals(rated: Sequence[Rated]) -> dict[tuple[str, int], int]:
    """Sum USAGE and MINIMUM by charge."""
    sums: dict[tuple[str, int], int] = {}
    for one in rated:
        sums[one.key] = sums.get(one.key, 0) + one.line.amount
    return sums


def fee_line(item: Item, period: Period, pauses: Sequence[Stretch]) -> Line:
    amount = charged(item, period, pauses)
    return Line(item.type, amount, item.start, item.end, what=item.plan.code)


def give_back_lines(period: Period, pauses: Sequence[Stretch]) -> list[Line]:
    """Return the negative PRORATION lines, once every item's line has its discount."""
    lines = []
    for item in period.items:
        cost = Fraction(item.net, item.gross) if item.gross else Fraction(0)
        for start, end in unused(item, pauses):
            amount = given_back(item, period, (start, end), cost)
            lines.append(Line("PRORATION", amount, start, end, what=item.plan.code))
    return lines


def settle_late(
    period: Period, pauses: Sequence[Stretch], events: Sequence[Event]
) -> tuple[list[Line], dict[tuple[str, int], int]]:
    """Return ADJUSTMENT lines of a period that is invoiced already, and its new totals."""
    rated = rate(period, pauses, events)
    now = totals(rated)
    lines = []
    for key in sorted({*now, *period.invoiced}):
        amount = now.get(key, 0) - period.invoiced.get(key, 0)
        if amount:
            for percent in period.percents:
                amount -= rounded(amount * percent / 100)
            lines.append(Line("ADJUSTMENT", amount, period.start, period.end, what=str(key)))
    return lines, now
