"""What each hour or day added to the bill: the difference of what it had come to before and after.

Every point is rated as the bill is: tiers, packages, minimums and all. So the points add up to the
usage cost exactly, and what a tier or a minimum makes of an hour stands in that hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from billing.catalog.models import Aggregation
from billing.catalog.terms import PricedCharge
from billing.kernel.decimals import exact
from billing.kernel.money import Money
from billing.metering.groups import HourUsage, usage_by_hour
from billing.metering.read import CounterValue, quantity_of
from billing.pricing.terms import Usage
from billing.rating.fees import own_fees
from billing.rating.lines import commitment_top_up, rate_charge
from billing.rating.period import RatedPeriod, RatedVersion, rate_period
from costs.periods import PeriodCosts, version_begins


class MeterCourse:
    """A charge's usage, hour after hour."""

    def __init__(self, charge: PricedCharge, hours: Sequence[HourUsage]) -> None:
        self.charge = charge
        self._hours = hours
        self._next = 0
        self._total = Decimal(0)
        self._events = self._corrections = self._distinct = 0
        self._maximum = self._latest = Decimal(0)

    def move_to(self, moment: datetime, *, begin: datetime) -> bool:
        """Count the hours that begin before an instant; say whether there were any.

        The hour in which the period begins counts from `begin` on.
        """
        first = self._next
        while self._next < len(self._hours):
            hour = self._hours[self._next]
            if max(hour.hour_at, begin) >= moment:
                break
            self._total += hour.total
            self._events += hour.events
            self._corrections += hour.corrections
            self._distinct += hour.new_values
            self._maximum = max(self._maximum, hour.maximum)
            if self.charge.aggregation == Aggregation.LATEST:
                self._latest = hour.latest
            self._next += 1
        return self._next > first

    @property
    def usage(self) -> Usage:
        counter = CounterValue(
            total=self._total,
            events=self._events,
            corrections=self._corrections,
            maximum=self._maximum,
            latest=self._latest,
            distinct_values=self._distinct,
        )
        return Usage(
            quantity=quantity_of(self.charge.aggregation, counter),
            events=self._events - self._corrections,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Makes of a price that holds taxes what the bill shows of it; of the last one exactly."""

    net: Money
    gross: Money

    def of(self, amount: Money) -> Money:
        if self.net == self.gross or not self.gross:
            return amount
        share = Fraction(self.net.minor, self.gross.minor)
        return Money.rounded(Fraction(amount.major) * share, amount.currency)


class _Version:
    """A plan version in a period: what its charges have come to, and what its commitment adds."""

    def __init__(
        self, rated: RatedVersion, fee: Money, begin: datetime, hours: dict[UUID, list[HourUsage]]
    ) -> None:
        self._terms, self._part, self._fee, self.begin = rated.terms, rated.part, fee, begin
        self._meters = [
            MeterCourse(one.charge, hours.get(one.charge.id, ())) for one in rated.usages
        ]
        self.totals: dict[UUID, Money] = {}

    def move_to(self, moment: datetime, *, begin: datetime) -> None:
        """Rate what was used before an instant."""
        currency = self._terms.currency
        for meter in self._meters:
            if meter.move_to(moment, begin=begin) or meter.charge.id not in self.totals:
                rated = rate_charge(
                    meter.charge.terms, meter.usage, currency=currency, part=self._part
                )
                self.totals[meter.charge.id] = rated.total

    @property
    def missing(self) -> Money:
        """What the commitment adds by now."""
        commitment, currency = self._terms.minimum_commitment, self._terms.currency
        if commitment is None:
            return Money.zero(currency)
        own = [self._fee, *self.totals.values()]
        return commitment_top_up(commitment=commitment, own=own, currency=currency, part=self._part)


class PeriodCourse:
    """How a period's usage cost has come about. Four queries, however many events."""

    def __init__(self, costs: PeriodCosts) -> None:
        self._costs = costs
        self._begin = costs.period.start_at
        rated = rate_period(costs.period)
        self._hours = _hours(costs.period.id, rated)
        self._fees = own_fees(costs.period)
        self._begins = version_begins(costs.period)
        self._rated = rated
        self._scales = {
            charge.charge_id: _Scale(
                net=charge.cost, gross=charge.gross_line + charge.gross_minimum
            )
            for charge in costs.charges
        }
        self._commitment = _Scale(net=costs.commitment, gross=costs.gross_commitment)

    @property
    def last_usage_at(self) -> datetime:
        """The last hour in which there was usage, or the period's begin."""
        hours = (hour.hour_at for found in self._hours.values() for hour in found)
        return max([self._begin, *hours])

    def up_to(self, moments: Sequence[datetime]) -> list[Money]:
        """Return what usage had cost before each of the instants, which are in order."""
        nothing = Money.zero(self._costs.currency)
        versions = [
            _Version(
                rated,
                self._fees.get(rated.terms.version_id, nothing),
                self._begins[rated.terms.version_id],
                self._hours,
            )
            for rated in self._rated.versions
        ]
        with exact():
            return [self._at(moment, versions) for moment in moments]

    def _at(self, moment: datetime, versions: Iterable[_Version]) -> Money:
        cost = missing = Money.zero(self._costs.currency)
        for version in versions:
            if moment <= version.begin:
                continue
            version.move_to(moment, begin=self._begin)
            for charge_id, total in version.totals.items():
                cost += self._scales[charge_id].of(total)
            missing += version.missing
        return cost + self._commitment.of(missing)


def _hours(period_id: UUID, rated: RatedPeriod) -> dict[UUID, list[HourUsage]]:
    charges = [usage.charge for version in rated.versions for usage in version.usages]
    unique = [one.id for one in charges if one.aggregation == Aggregation.UNIQUE]
    found: dict[UUID, list[HourUsage]] = {}
    for hour in usage_by_hour([period_id], [one.id for one in charges], unique):
        found.setdefault(hour.charge_id, []).append(hour)
    return found
