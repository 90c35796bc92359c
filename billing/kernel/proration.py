"""The share of a whole that a part of its time makes: whole seconds, never rounded here."""

from decimal import Decimal
from fractions import Fraction


def share(*, part_seconds: int, whole_seconds: int) -> Fraction:
    """Return the part as a fraction of the whole, both in whole elapsed seconds.

    Raises ValueError for an empty whole, and for a part below zero or beyond the whole.

    >>> share(part_seconds=1_252_800, whole_seconds=2_592_000)
    Fraction(29, 60)
    """
    if whole_seconds <= 0:
        raise ValueError("The whole must last at least one second")
    if not 0 <= part_seconds <= whole_seconds:
        raise ValueError("The part must lie within the whole")
    return Fraction(part_seconds, whole_seconds)


def prorate(amount: int | Decimal | Fraction, *, part_seconds: int, whole_seconds: int) -> Fraction:
    """Return the exact part of an amount, in the amount's own unit; the caller rounds, once.

    >>> prorate(Decimal("30.00"), part_seconds=1_252_800, whole_seconds=2_592_000)
    Fraction(29, 2)
    """
    return Fraction(amount) * share(part_seconds=part_seconds, whole_seconds=whole_seconds)
