"""What a period's usage costs, charge by charge: the one rating that preview and invoice share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from billing.catalog.terms import PlanTerms, PricedCharge, plan_terms
from billing.kernel.money import Money
from billing.kernel.periods import Period
from billing.kernel.reads import AnyOf, Read
from billing.metering.read import CounterValue, counters_of, quantity_of
from billing.pricing.terms import Usage
from billing.rating.lines import RatedCharge, commitment_top_up, rate_charge
from billing.subscriptions.models import Segment, SubscriptionPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedUsage:
    """A charge in a period: the counter that was read, and what it costs."""

    charge: PricedCharge
    usage: Usage
    rated: RatedCharge
    counter_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedVersion:
    """A period under one plan version, however often that plan came and went in it.

    `part` is the share of the full period that it was in force, by whole elapsed seconds.
    """

    terms: PlanTerms
    part: Fraction
    usages: tuple[RatedUsage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedPeriod:
    """A period's usage under all its versions, and the sum of its counters' versions."""

    versions: tuple[RatedVersion, ...]
    counters_version: int


NOTHING: Final = RatedPeriod(versions=(), counters_version=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What rating reads: the segments by subscription, the counters by period and charge."""

    segments: Mapping[UUID, list[Segment]]
    counters: Mapping[UUID, dict[UUID, CounterValue]]


SEGMENTS: Final[Read[Segment]] = Read(
    lambda: Segment.objects.filter(AnyOf("subscription_id", 0, "uuid")).order_by()
)


def read_known(periods: Sequence[SubscriptionPeriod]) -> Known:
    """Read what rating needs of all these periods at once: two queries."""
    segments: dict[UUID, list[Segment]] = {}
    subscriptions = [period.subscription_id for period in periods]
    for segment in SEGMENTS(subscriptions):
        segments.setdefault(segment.subscription_id, []).append(segment)
    counters: dict[UUID, dict[UUID, CounterValue]] = {}
    for (period_id, charge_id), value in counters_of([period.id for period in periods]).items():
        counters.setdefault(period_id, {})[charge_id] = value
    return Known(segments=segments, counters=counters)


def versions_in(period: SubscriptionPeriod, segments: Sequence[Segment]) -> dict[UUID, Fraction]:
    """Return the plan versions that held in a period, in order, with their shares of it."""
    stretch = Period(period.start_at, period.end_at)
    shares: dict[UUID, Fraction] = {}
    for segment in sorted(segments, key=lambda found: found.start_at):
        held = stretch.overlap(_span(segment, until=period.end_at))
        if held is not None:
            share = Fraction(held.seconds, period.whole_seconds)
            shares[segment.plan_version_id] = (
                shares.get(segment.plan_version_id, Fraction(0)) + share
            )
    return shares


def _span(segment: Segment, *, until: datetime) -> Period:
    return Period(segment.start_at, max(segment.start_at, segment.end_at or until))


def rate_period(period: SubscriptionPeriod, known: Known | None = None) -> RatedPeriod:
    """Rate a period's usage under each plan version that held in it. A trial costs nothing.

    Reads the counters, so its cost does not grow with the events. `known` has what was read for
    many periods at once; where it is not given, it is read: two queries.
    """
    if period.is_trial:
        return NOTHING
    known = known or read_known([period])
    segments = known.segments.get(period.subscription_id, [])
    counters = known.counters.get(period.id, {})
    return RatedPeriod(
        versions=tuple(
            _rated_version(plan_terms(version_id), part, counters)
            for version_id, part in versions_in(period, segments).items()
        ),
        counters_version=sum(counter.version for counter in counters.values()),
    )


def _rated_version(
    terms: PlanTerms,
    part: Fraction,
    counters: Mapping[UUID, CounterValue],
) -> RatedVersion:
    usages = []
    for charge in terms.charges:
        counter = counters.get(charge.id, CounterValue())
        usage = Usage(
            quantity=quantity_of(charge.aggregation, counter),
            events=counter.events - counter.corrections,
        )
        usages.append(
            RatedUsage(
                charge=charge,
                usage=usage,
                rated=rate_charge(charge.terms, usage, currency=terms.currency, part=part),
                counter_version=counter.version,
            )
        )
    return RatedVersion(terms=terms, part=part, usages=tuple(usages))


def commitment_of(version: RatedVersion, *, fee: Money) -> Money:
    """Return what the version's minimum commitment still asks for beyond its fee and usage."""
    if version.terms.minimum_commitment is None:
        return Money.zero(version.terms.currency)
    return commitment_top_up(
        commitment=version.terms.minimum_commitment,
        own=[fee, *(usage.rated.total for usage in version.usages)],
        currency=version.terms.currency,
        part=version.part,
    )
