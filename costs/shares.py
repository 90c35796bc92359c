"""A rounded amount shared out over groups by their quantities: pure, and always exact."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from billing.kernel.money import Money

Key = TypeVar("Key", bound=Hashable)


def shared(amount: Money, weights: Mapping[Key, Decimal]) -> tuple[dict[Key, Money], Money]:
    """Share an amount out by weight: (each group's part, what could not be shared out).

    The parts and the rest add up to the amount. By largest remainder, of equal ones the earlier
    first. Corrections may have made weights negative, and all of them together too: then each has
    its part of what the sum was charged. Where they add up to nothing, all is left.
    """
    total = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    if not amount or not total:
        return dict.fromkeys(weights, Money.zero(amount.currency)), amount
    sign = 1 if total > 0 else -1
    parts = amount.split([sign * Fraction(weight) for weight in weights.values()])
    return dict(zip(weights, parts, strict=True)), Money.zero(amount.currency)


def percent_of(part: Money, whole: Money) -> Decimal | None:
    """Return what percentage a part is of a whole, to two decimals; None of nothing.

    >>> percent_of(Money(1, "USD"), Money(3, "USD"))
    Decimal('33.33')
    """
    if not whole:
        return None
    hundredths = Fraction(10_000 * abs(part.minor), abs(whole.minor))
    size = (2 * hundredths.numerator + hundredths.denominator) // (2 * hundredths.denominator)
    is_negative = (part.minor < 0) != (whole.minor < 0)
    return Decimal(-size if is_negative else size).scaleb(-2)


def added(amounts: Sequence[Mapping[Key, Money]], currency: str) -> dict[Key, Money]:
    """Add up the parts of several amounts, group by group, in the order of their first."""
    sums: dict[Key, Money] = {}
    for parts in amounts:
        for key, part in parts.items():
            sums[key] = sums.get(key, Money.zero(currency)) + part
    return sums
