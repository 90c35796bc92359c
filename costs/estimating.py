"""What the open period's invoice will come to: quantities projected, then rated as any are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.catalog.models import Aggregation
from billing.catalog.terms import PricedCharge
from billing.credits import ledger
from billing.kernel.money import Money
from billing.kernel.zones import zone
from billing.metering.read import counters_of, quantity_of
from billing.models import Account, InvoiceDue, Subscription, SubscriptionPeriod
from billing.pricing.terms import Usage
from billing.rating.lines import rate_charge
from billing.rating.period import RatedPeriod, RatedUsage, RatedVersion, rate_period
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.queries import current_period, live_subscription
from costs.history import History, history_of
from costs.periods import period_before, version_begins
from costs.projecting import (
    PRECISION,
    Ahead,
    Method,
    Projection,
    project_latest,
    project_level,
    project_sum,
)
from costs.timeline import MeterCourse
from invoicing.composing import Bill, compose
from tenants.models import Tenant

SECONDS: Final = Decimal(86_400)
SUMS: Final = frozenset({str(Aggregation.SUM), str(Aggregation.COUNT)})
PLACES: Final = Decimal("0.000001")
WHOLE: Final = Decimal(1)

End = Literal["projected", "low", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeEstimate:
    """A charge's quantity by now and at the period's end, and what it will cost, minimum too."""

    charge: PricedCharge
    current: Decimal
    projection: Projection
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The open period's bill now, and as projected to its end: expected, at least, at most."""

    account: Account
    period: SubscriptionPeriod
    now: datetime
    current: Bill
    projected: Bill
    low: Bill
    high: Bill
    charges: tuple[ChargeEstimate, ...]

    @property
    def method(self) -> str:
        """The way in which the sums were projected; without any, that of the other meters."""
        own = [one.projection.method for one in self.charges]
        sums = [m for m in Method if m in own]
        return str(sums[0] if sums else Method.AS_NOW)


def estimate(account: Account, *, now: datetime) -> Estimate:
    """Project the open period's usage to its end, and rate it. Raises NoActiveSubscription.

    Reads counters and hours, no event. The caller reads within one `snapshot`.
    """
    subscription = live_subscription(account.id)
    period = current_period(subscription.id)
    if period is None:
        raise NoActiveSubscription
    rated = rate_period(period)
    projections = dict(_projections(account, period, rated, now=now))
    bills = {
        end: _bill(account, subscription, period, _rated(rated, projections, end), now=now)
        for end in ("projected", "low", "high")
    }
    return Estimate(
        account=account,
        period=period,
        now=now,
        current=_bill(account, subscription, period, rated, now=now),
        projected=bills["projected"],
        low=bills["low"],
        high=bills["high"],
        charges=tuple(_estimates(rated, projections)),
    )


def _bill(
    account: Account,
    subscription: Subscription,
    period: SubscriptionPeriod,
    rated: RatedPeriod,
    *,
    now: datetime,
) -> Bill:
    return compose(
        tenant=Tenant.objects.select_related("account").get(account_id=account.id),
        subscription=subscription,
        period=period,
        kind=InvoiceDue.Kind.PERIOD,
        credits=ledger.spendable(account.id, now=now),
        now=now,
        rated=rated,
    )


def _projections(
    account: Account, period: SubscriptionPeriod, rated: RatedPeriod, *, now: datetime
) -> Iterator[tuple[UUID, Projection]]:
    """Project each charge that still holds; those of a plan that was left stay as they are."""
    where = zone(account.timezone)
    history = history_of(period, where, now=now)
    before = _quantities_before(period)
    begins = version_begins(period)
    last = max(begins.values(), default=period.start_at)
    for version in rated.versions:
        begin = begins[version.terms.version_id]
        holds = begin == last
        ahead = _ahead(begin, now, period.end_at if holds else now, where)
        for usage in version.usages:
            yield usage.charge.id, _projection(usage, history, before, begin, ahead)


def _projection(
    usage: RatedUsage,
    history: History,
    before: Mapping[UUID, Decimal],
    begin: datetime,
    ahead: Ahead,
) -> Projection:
    charge, current = usage.charge, usage.usage.quantity
    if not ahead.by_weekday:
        return Projection(projected=current, low=current, high=current, method=Method.AS_NOW)
    if charge.aggregation in SUMS:
        return project_sum(current, history.before(charge, ahead.today), ahead)
    course = MeterCourse(charge, history.hours.get(charge.id, ()))
    course.move_to(begin + (ahead.now - begin) / 2, begin=begin)
    at_half = course.usage.quantity
    if charge.aggregation == Aggregation.LATEST:
        return project_latest(current=current, at_half=at_half)
    return project_level(
        current=current, at_half=at_half, before=before.get(charge.id), ahead=ahead
    )


def _quantities_before(period: SubscriptionPeriod) -> dict[UUID, Decimal]:
    """Return what the charges of the period before had come to, where that was a whole one."""
    earlier = period_before(period)
    if earlier is None or earlier.is_trial:
        return {}
    counters = counters_of([earlier.id])
    return {
        usage.charge.id: quantity_of(
            usage.charge.aggregation, counters[earlier.id, usage.charge.id]
        )
        for version in rate_period(earlier).versions
        for usage in version.usages
        if (earlier.id, usage.charge.id) in counters
    }


def _ahead(begin: datetime, now: datetime, end: datetime, where: ZoneInfo) -> Ahead:
    """Cut the time from now to the end into the days of the zone."""
    seconds: dict[int, int] = {}
    at = now
    while at < end:
        day = at.astimezone(where).date()
        following = day + timedelta(days=1)
        midnight = datetime(following.year, following.month, following.day, tzinfo=where)
        until = min(end, max(midnight.astimezone(UTC), at + timedelta(hours=1)))
        part = round((until - at).total_seconds())
        seconds[day.weekday()] = seconds.get(day.weekday(), 0) + part
        at = until
    elapsed = max(now - begin, timedelta(0))
    with localcontext(PRECISION):
        by_weekday = {weekday: part / SECONDS for weekday, part in seconds.items()}
        days = round(elapsed.total_seconds()) / SECONDS
    return Ahead(
        by_weekday=by_weekday,
        elapsed=days,
        now=now,
        today=now.astimezone(where).date(),
    )


def _rated(rated: RatedPeriod, projections: Mapping[UUID, Projection], end: End) -> RatedPeriod:
    """Rate the projected quantities by the same terms."""
    versions = []
    for version in rated.versions:
        usages = tuple(_rerated(usage, projections, end, version) for usage in version.usages)
        versions.append(RatedVersion(terms=version.terms, part=version.part, usages=usages))
    return RatedPeriod(versions=tuple(versions), counters_version=rated.counters_version)


def rounded(current: Decimal, projection: Projection, end: End) -> Decimal:
    """Return an end of a projection with as many decimals as make sense for what is counted."""
    value: Decimal = getattr(projection, end)
    is_whole = current == current.to_integral_value()
    with localcontext(PRECISION):
        return value.quantize(WHOLE if is_whole else PLACES, rounding=ROUND_HALF_UP)


def _rerated(
    usage: RatedUsage, projections: Mapping[UUID, Projection], end: End, version: RatedVersion
) -> RatedUsage:
    current = usage.usage
    quantity = rounded(current.quantity, projections[usage.charge.id], end)
    events = current.events
    if current.quantity > 0 and quantity > current.quantity:
        events = int(Fraction(events) * Fraction(quantity) / Fraction(current.quantity))
    coming = Usage(quantity=quantity, events=events)
    terms = version.terms
    return RatedUsage(
        charge=usage.charge,
        usage=coming,
        rated=rate_charge(usage.charge.terms, coming, currency=terms.currency, part=version.part),
        counter_version=usage.counter_version,
    )


def _estimates(
    rated: RatedPeriod, projections: Mapping[UUID, Projection]
) -> Iterator[ChargeEstimate]:
    projected = _rated(rated, projections, "projected")
    for version, coming in zip(rated.versions, projected.versions, strict=True):
        for now, then in zip(version.usages, coming.usages, strict=True):
            found = projections[now.charge.id]
            yield ChargeEstimate(
                charge=now.charge,
                current=now.usage.quantity,
                projection=found,
                amount=then.rated.total,
            )
