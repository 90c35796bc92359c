"""What a day is expected to cost, from the 28 days before it: pure.

A week repeats itself more than a month does, so a day is compared with the same weekday of the four
weeks before, brought to the present level. Medians let one odd day, or one anomaly, change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from statistics import median
from typing import Final

WEEK: Final = 7
LONGEST: Final = 28
ENOUGH: Final = 3
ENOUGH_FOR_WEEKDAYS: Final = 14
MOST_GROWTH: Final = Fraction(2)
"""The level of the last week counts for no more than twice, and no less than half, of the month's:
beyond that it is the anomaly itself."""


def expected(days: Sequence[int]) -> int | None:
    """Return what the day is expected to cost, rounded up; `days` before it, the newest first.

    Days of 24 hours, of which the 7th, 14th … have its weekday; at most 28 are looked at. With
    fewer than 14 it is the dearest of them, so that a Monday is not compared with a weekend; None
    with fewer than three: nothing is known yet.

    >>> expected([50, 50, 100, 100, 100, 100, 100] * 4), expected([100, 100, 100, 50, 50] * 5)
    (100, 50)
    """
    known = list(days[:LONGEST])
    if len(known) < ENOUGH:
        return None
    if len(known) < ENOUGH_FOR_WEEKDAYS:
        return max(known)
    same = [known[index] for index in range(WEEK - 1, len(known), WEEK)]
    whole = len(known) // WEEK * WEEK
    month = Fraction(_middle([_week(known, at) for at in range(0, whole, WEEK)]))
    week = Fraction(_week(known, 0))
    level = week / month if month > 0 else Fraction(1)
    level = min(max(level, 1 / MOST_GROWTH), MOST_GROWTH)
    return -int(-_middle(same) * level // 1)


def _week(days: Sequence[int], at: int) -> Fraction:
    """Return a week's middle day: three days may be odd, and it stays."""
    return Fraction(median(days[at : at + WEEK]))


def _middle(values: Sequence[int | Fraction]) -> Fraction:
    """Return the median; of an even number the mean of the middle two."""
    ordered = sorted(Fraction(value) for value in values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2
