"""A timeline over one period or several: its points, which sum to what they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from billing.kernel.errors import invalid
from billing.kernel.money import Money
from billing.kernel.zones import zone
from billing.models import Account, SubscriptionPeriod
from costs.intervals import LONGEST, Granularity, starts
from costs.periods import PeriodCosts, costs_of
from costs.timeline import PeriodCourse

MOST_PERIODS: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What an interval that begins at `at` added, and what it had come to by its end."""

    at: datetime
    cost: Money
    cumulative: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """[start, end) as it is shown: not beyond what has happened. `cost` is its points' sum."""

    start: datetime
    end: datetime
    points: tuple[Point, ...]
    cost: Money


def timeline(
    current: PeriodCosts,
    *,
    start: datetime | None,
    end: datetime | None,
    granularity: Granularity,
    now: datetime,
) -> Timeline:
    """Return what each interval of [start, end) added to the bills; by default of the open period.

    An hour counts for the interval in which it begins. Raises InvalidRequest where that is too
    long, naming the limit.
    """
    period = current.period
    first = start or period.start_at
    last = end or max(period.end_at, first + timedelta(microseconds=1))
    _check(first, last, granularity)
    courses = _courses(current, first, last, now=now)
    reached = max([now, *(course.last_usage_at for course in courses)])
    last = max(first, min(last, reached + timedelta(microseconds=1)))
    begins = list(starts(first, last, granularity, zone(current.account.timezone)))
    points = _points(courses, [*begins, last], current.currency)
    return Timeline(
        start=first,
        end=min(last, reached) if first < reached else first,
        points=points,
        cost=Money.total((point.cost for point in points), current.currency),
    )


def _check(first: datetime, last: datetime, granularity: Granularity) -> None:
    if not first < last:
        raise invalid("end", "must be after start")
    most = LONGEST[granularity]
    if last - first > most:
        raise invalid(
            "end", f"must be at most {most.days} days after start with granularity {granularity}"
        )


def _courses(
    current: PeriodCosts, first: datetime, last: datetime, *, now: datetime
) -> list[PeriodCourse]:
    """Return the courses of all periods that the range meets, in the account's currency."""
    account: Account = current.account
    rows = SubscriptionPeriod.objects.filter(
        account_id=account.id, start_at__lt=last, end_at__gt=first
    ).select_related("subscription")
    periods = list(rows.order_by("start_at", "sequence")[: MOST_PERIODS + 1])
    if len(periods) > MOST_PERIODS:
        raise invalid("start", f"lies too far back: at most {MOST_PERIODS} billing periods at once")
    return [
        PeriodCourse(
            current
            if period.id == current.period.id
            else costs_of(account, period.subscription, period, now=now)
        )
        for period in periods
    ]


def _points(
    courses: Sequence[PeriodCourse], moments: Sequence[datetime], currency: str
) -> tuple[Point, ...]:
    sums = [Money.zero(currency)] * len(moments)
    for course in courses:
        sums = [one + more for one, more in zip(sums, course.up_to(moments), strict=True)]
    return tuple(
        Point(at=at, cost=after - before, cumulative=after - sums[0])
        for at, before, after in zip(moments[:-1], sums[:-1], sums[1:], strict=True)
    )
