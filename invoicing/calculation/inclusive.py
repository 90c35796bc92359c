"""Prices that hold their taxes: what of each line is tax, so that nothing is lost or added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from billing.kernel.money import Money
from invoicing.calculation.discounts import Discounted
from invoicing.calculation.tax import RateKey, TaxOfRate, summed
from invoicing.calculation.values import LineInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """Amounts without tax, in the given order: of lines, of their discounts, of each discount."""

    amounts: tuple[Money, ...]
    by_line: tuple[Money, ...]
    by_discount: tuple[Money, ...]


def carve_out(
    *,
    lines: Sequence[LineInput],
    discounted: Discounted,
    stacks: Mapping[str, tuple[RateKey, ...]],
    taxes: Sequence[TaxOfRate],
    currency: str,
) -> Net:
    """Take the tax that inclusive lines hold out of these lines.

    Each rate's is shared out by what each discounted line holds of it exactly, by largest
    remainder, ties to the earlier line; the tax that a line's discount saved is rounded once for
    that line. So the net amounts less the net discounts, and the tax, add up to the prices less
    the discounts.
    """
    own = [stacks.get(line.tax_category, ()) if line.inclusive else () for line in lines]
    divisors = [100 + Fraction(summed(stack)) for stack in own]
    left = [line.amount - off for line, off in zip(lines, discounted.by_line, strict=True)]
    held = [0] * len(lines)
    for tax in taxes:
        exact = [
            amount.minor * Fraction(tax.key[1] if tax.key in stack else 0) / divisor
            for amount, stack, divisor in zip(left, own, divisors, strict=True)
        ]
        shares = share_out(tax.included.minor, exact)
        held = [one + more for one, more in zip(held, shares, strict=True)]
    saved = [
        Money.rounded(Fraction(off.major) * (divisor - 100) / divisor, currency)
        for off, divisor in zip(discounted.by_line, divisors, strict=True)
    ]
    return Net(
        amounts=tuple(
            line.amount - Money(taken, currency) - given
            for line, taken, given in zip(lines, held, saved, strict=True)
        ),
        by_line=tuple(off - given for off, given in zip(discounted.by_line, saved, strict=True)),
        by_discount=tuple(_without(saved, discounted.by_discount, currency)),
    )


def _without(saved: Sequence[Money], discounts: Sequence[Money], currency: str) -> Sequence[Money]:
    """Take the tax that was saved off the discounts, by their size."""
    if not any(saved):
        return discounts
    shares = Money.total(saved, currency).split([off.minor for off in discounts])
    return [off - share for off, share in zip(discounts, shares, strict=True)]


def share_out(total: int, exact: Sequence[Fraction]) -> list[int]:
    """Round exact parts so that they sum to `total`, which is about their sum.

    Each goes down to a whole number; what is left goes to the largest remainders, ties to the
    earlier. A part of zero stays zero.

    >>> share_out(2, [Fraction(1, 2), Fraction(0), Fraction(3, 4), Fraction(1, 2)])
    [1, 0, 1, 0]
    """
    shares = [floor(part) for part in exact]
    order = sorted(
        (i for i, part in enumerate(exact) if part), key=lambda i: (floor(exact[i]) - exact[i], i)
    )
    left = total - sum(shares)
    for turn in range(abs(left)):
        place = turn % len(order)
        shares[order[place if left > 0 else -1 - place]] += 1 if left > 0 else -1
    return shares
