"""What a charge asks for the events of a stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil

from tests.reference.money import rounded
from tests.reference.terms import AGGREGATIONS, Charge, Plan, Tier


@dataclass(frozen=True)
class Event:
    """A recorded usage event, in the order in which they were recorded."""

    event_id: str
    metric: str
    quantity: Fraction
    timestamp: datetime
    user: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    correction: bool = False


@dataclass(frozen=True)
class Priced:
    """A charge's USAGE line and its MINIMUM line, in minor units."""

    usage: int
    minimum: int


def matches(charge: Charge, event: Event) -> bool:
    return set(charge.wanted) <= set(event.metadata)


def takes(plan: Plan, charge: Charge, event: Event) -> bool:
    """Tell whether this of a plan's charges is the one that takes the event."""
    if charge.metric != event.metric:
        return False
    same = [other for other in plan.charges if other.metric == event.metric]
    first = next((other for other in same if other.wanted and matches(other, event)), None)
    return charge is first if first else not charge.wanted


def quantity_of(metric: str, events: Sequence[Event]) -> Fraction:
    how = AGGREGATIONS[metric]
    if how == "COUNT":
        return Fraction(len(events))
    if how == "UNIQUE":
        return Fraction(len({event.user for event in events}))
    if how == "MAX":
        return max((event.quantity for event in events), default=Fraction(0))
    if how == "LATEST":
        last = Fraction(0)
        for event in sorted(events, key=lambda event: event.timestamp):
            last = event.quantity
        return last
    return sum((event.quantity for event in events), Fraction(0))


def tier_of(tiers: Sequence[Tier], quantity: Fraction) -> Tier:
    return next(tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to)


def graduated(tiers: Sequence[Tier], quantity: Fraction) -> Fraction:
    total, below = Fraction(0), Fraction(0)
    for number, tier in enumerate(tiers):
        if number and quantity <= below:
            break
        upper = quantity if tier.up_to is None else min(quantity, tier.up_to)
        total += (upper - below) * tier.unit_price + tier.flat_fee
        below = upper if tier.up_to is None else tier.up_to
    return total


def exact_amount(charge: Charge, usage: Fraction, count: int) -> Fraction:
    """Return the amount before rounding and before minimum and maximum, in minor units."""
    may_fall = charge.model in {"PER_UNIT", "PERCENTAGE"} and charge.included is None
    quantity = usage if may_fall else max(Fraction(0), usage - (charge.included or 0))
    match charge.model:
        case "PER_UNIT":
            return quantity * charge.unit_price
        case "PACKAGE":
            return ceil(quantity / charge.package_size) * charge.package_price
        case "GRADUATED":
            return graduated(charge.tiers, quantity)
        case "VOLUME":
            tier = tier_of(charge.tiers, quantity)
            return quantity * tier.unit_price + tier.flat_fee
        case "PERCENTAGE":
            return quantity * charge.minor_units * charge.rate / 100 + count * charge.fixed_fee
        case "STAIRCASE":
            return tier_of(charge.tiers, quantity).flat_fee
        case other:
            raise ValueError(other)


def price(charge: Charge, usage: Fraction, count: int, share: Fraction = Fraction(1)) -> Priced:
    """Price usage; `share` is the part of its period for which the plan was in force."""
    exact = exact_amount(charge, usage, count)
    if charge.maximum is not None:
        exact = min(exact, charge.maximum * share)
    line = rounded(exact)
    if charge.minimum is None:
        return Priced(line, 0)
    return Priced(line, max(0, rounded(charge.minimum * share) - line))


def price_events(plan: Plan, charge: Charge, events: Sequence[Event], share: Fraction) -> Priced:
    taken = [event for event in events if takes(plan, charge, event)]
    count = sum(not event.correction for event in taken)
    return price(charge, quantity_of(charge.metric, taken), count, share)
