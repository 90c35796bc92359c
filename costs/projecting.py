"""From the usage of past days to that of a period's end, with a range: pure.

What is used up to now stands; only what is still to come is estimated. Nothing here is money: the
quantities that come out are rated as any others are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from typing import Final

PRECISION: Final = Context(prec=40)
WEEK: Final = 7
ENOUGH_FOR_WEEKDAYS: Final = 14
LONGEST_HISTORY: Final = 28
Z: Final = Decimal("1.64")
"""Standard deviations to each side: nine of ten ends would lie between, were days independent."""


class Method(StrEnum):
    """How what is still to come is estimated.

    WEEKDAY_AVERAGE: each weekday's share of 28 days, at a level between theirs and the last week's.
    DAILY_AVERAGE: the mean of the days that there are. RUN_RATE: the period so far, going on.
    Of meters that keep a maximum, a latest or distinct values: PREVIOUS_PERIOD, it comes to what
    it came to before; TREND, the growth of the latter half of the period so far goes on as it
    slowed down; AS_NOW, nothing changes.
    """

    WEEKDAY_AVERAGE = "WEEKDAY_AVERAGE"
    DAILY_AVERAGE = "DAILY_AVERAGE"
    RUN_RATE = "RUN_RATE"
    PREVIOUS_PERIOD = "PREVIOUS_PERIOD"
    TREND = "TREND"
    AS_NOW = "AS_NOW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What a quantity will be, and between what. `low` ≤ `projected` ≤ `high`."""

    projected: Decimal
    low: Decimal
    high: Decimal
    method: Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The rest of a period from `now` on: how much of a day there is yet of each weekday.

    `elapsed` are the days since it began, `today` the date of now where the days are counted.
    """

    by_weekday: Mapping[int, Decimal]
    elapsed: Decimal
    now: datetime
    today: date

    @property
    def days(self) -> Decimal:
        return sum(self.by_weekday.values(), Decimal(0))


def project_sum(
    current: Decimal, history: Sequence[tuple[int, Decimal]], ahead: Ahead
) -> Projection:
    """Project a sum that has come to `current`, by whole days (weekday, quantity), oldest first.

    Days before today, of this period and earlier ones, the last 28 at most.
    """
    days = list(history)[-LONGEST_HISTORY:]
    with localcontext(PRECISION):
        if not days:
            return _run_rate(current, ahead)
        has_weeks = len(days) >= ENOUGH_FOR_WEEKDAYS
        fitted = _by_weekday(days) if has_weeks else _flat(days)
        coming = sum(
            (part * fitted[weekday] for weekday, part in ahead.by_weekday.items()), Decimal(0)
        )
        spread = _spread(days, fitted, ahead.days, has_weeks=has_weeks)
        method = Method.WEEKDAY_AVERAGE if has_weeks else Method.DAILY_AVERAGE
        return _ranged(current, coming, coming - spread, coming + spread, method)


def _ranged(
    current: Decimal, coming: Decimal, low: Decimal, high: Decimal, method: Method
) -> Projection:
    """Add what is to come, which is nothing or more unless corrections outweigh usage."""
    least = min(Decimal(0), coming)
    return Projection(
        projected=current + coming,
        low=current + max(least, low),
        high=current + high,
        method=method,
    )


def _run_rate(current: Decimal, ahead: Ahead) -> Projection:
    coming = max(Decimal(0), current / max(Decimal(1), ahead.elapsed) * ahead.days)
    return _ranged(current, coming, Decimal(0), 2 * coming, Method.RUN_RATE)


def _flat(days: Sequence[tuple[int, Decimal]]) -> dict[int, Decimal]:
    return dict.fromkeys(range(WEEK), _mean([quantity for _, quantity in days]))


def _by_weekday(days: Sequence[tuple[int, Decimal]]) -> dict[int, Decimal]:
    """Return what each weekday is expected to bring: its share of a week, at the present level.

    The last seven days have each weekday once, so their mean holds no pattern. It follows growth;
    the mean of all is steadier: the level lies between them.
    """
    overall = _mean([quantity for _, quantity in days])
    level = (_mean([quantity for _, quantity in days[-WEEK:]]) + overall) / 2
    expected = {}
    for weekday in range(WEEK):
        own = [quantity for day, quantity in days if day == weekday]
        expected[weekday] = level * _mean(own) / overall if overall and own else level
    return expected


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _spread(
    days: Sequence[tuple[int, Decimal]],
    fitted: Mapping[int, Decimal],
    ahead: Decimal,
    *,
    has_weeks: bool,
) -> Decimal:
    """Return how far the sum of the days ahead may lie from what is expected of them.

    The days' own scatter; the doubt about their level, which all days ahead share; and how far the
    latest days are from all: what has grown or fallen lately may go on doing so.
    """
    count = len(days)
    if count == 1:
        return abs(days[0][1]) * ahead
    around = _by_weekday_means(days) if has_weeks else fitted
    squares = sum(((quantity - around[weekday]) ** 2 for weekday, quantity in days), Decimal(0))
    freedom = count - WEEK if has_weeks else count - 1
    variance = squares / freedom
    behind_the_level = WEEK if has_weeks else count
    doubt = variance * ahead + variance * ahead * ahead / behind_the_level
    latest = days[-min(WEEK, max(1, count // 2)) :]
    means = [_mean([quantity for _, quantity in part]) for part in (latest, days)]
    moving = 2 * (means[0] - means[1]) * ahead
    return (Z * Z * doubt + moving * moving).sqrt()


def _by_weekday_means(days: Sequence[tuple[int, Decimal]]) -> dict[int, Decimal]:
    return {
        weekday: _mean([quantity for day, quantity in days if day == weekday])
        for weekday in {day for day, _ in days}
    }


def project_level(
    *, current: Decimal, at_half: Decimal, before: Decimal | None, ahead: Ahead
) -> Projection:
    """Project a maximum, or a number of distinct values: what has been reached and can't fall.

    `before` is what the period before came to, `at_half` what it was when half of the period so
    far was over. Without a period before, the growth of the latter half goes on, each half's as
    much less than the one before as the latter was less than the former.
    """
    with localcontext(PRECISION):
        if before is not None:
            projected = max(current, before)
            high = max(projected, 2 * projected - current)
            return _level(current, projected, high, Method.PREVIOUS_PERIOD)
        growth = current - at_half
        if ahead.elapsed < 1 or growth <= 0:
            return _level(current, current, current, Method.AS_NOW)
        halves = 2 * ahead.days / ahead.elapsed
        slowing = min(Decimal(1), growth / at_half) if at_half > 0 else Decimal(1)
        coming = growth * _series(slowing, halves)
        high = current + max(2 * coming, growth * halves)
        return _level(current, current + coming, high, Method.TREND)


def _level(low: Decimal, projected: Decimal, high: Decimal, method: Method) -> Projection:
    return Projection(projected=projected, low=low, high=high, method=method)


def project_latest(*, current: Decimal, at_half: Decimal) -> Projection:
    """Project a latest value: it stays, or goes as far up or down again as it has lately."""
    with localcontext(PRECISION):
        change = abs(current - at_half)
        low = max(min(current, Decimal(0)), current - change)
        return _level(low, current, current + change, Method.AS_NOW)


def _series(ratio: Decimal, count: Decimal) -> Decimal:
    """Sum ratio + ratio² + … over so many terms, of which there may be a part.

    >>> _series(Decimal("0.5"), Decimal(2)), _series(Decimal(1), Decimal(3))
    (Decimal('0.75'), Decimal('3'))
    """
    if ratio == 1:
        return count
    return ratio * (1 - ratio**count) / (1 - ratio)
