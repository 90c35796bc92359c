"""Exact money: minor units as integers, everything before rounding as fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

DECIMALS = {"JPY": 0, "USD": 2, "EUR": 2, "KWD": 3}


def rounded(exact: Fraction) -> int:
    """Round half away from zero."""
    return floor(exact + Fraction(1, 2)) if exact >= 0 else -floor(-exact + Fraction(1, 2))


def minor(text: str, currency: str) -> Fraction:
    """Read an amount in major units as an exact number of minor units."""
    units: int = 10 ** DECIMALS[currency]
    return Fraction(text) * units


def shown(amount: int, currency: str) -> str:
    """Write minor units as the API does: with exactly the currency's number of decimals."""
    places = DECIMALS[currency]
    digits = f"{abs(amount):0{places + 1}d}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` by weight with the largest remainder, ties to the earlier."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    shares = [floor(part) for part in exact]
    by_remainder = sorted(range(len(weights)), key=lambda n: (shares[n] - exact[n], n))
    for n in by_remainder[: total - sum(shares)]:
        shares[n] += 1
    return shares
