"""How much discounts take off, and from which lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from billing.kernel.money import Money
from invoicing.calculation.values import DiscountInput, LineInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounted:
    """What each discount took off, and what was taken off each line; both in the given order."""

    by_discount: tuple[Money, ...]
    by_line: tuple[Money, ...]


def discount(
    *, lines: Sequence[LineInput], discounts: Sequence[DiscountInput], currency: str
) -> Discounted:
    """Take discounts off the sum of the discountable lines, and spread their sum over these.

    Percentages go first, each on what the earlier ones left and rounded; then amounts, of which
    an unused rest is gone. The sum never falls below zero. It is spread once, by largest
    remainder, ties to the earlier line; a correction's negative line gets a negative share, so
    that all lines shrink alike.
    """
    zero = Money.zero(currency)
    chosen = [index for index, line in enumerate(lines) if line.is_discountable]
    amounts = [lines[index].amount for index in chosen]
    base = max(Money.total(amounts, currency), zero)
    left = base
    by_discount = [zero] * len(discounts)
    for index in _percentages_first(discounts):
        off = min(_off(discounts[index], left), left)
        by_discount[index] = off
        left -= off
    by_line = [zero] * len(lines)
    if left < base:
        shares = (base - left).split([amount.minor for amount in amounts])
        for index, share in zip(chosen, shares, strict=True):
            by_line[index] = share
    return Discounted(by_discount=tuple(by_discount), by_line=tuple(by_line))


def _percentages_first(discounts: Sequence[DiscountInput]) -> list[int]:
    return sorted(range(len(discounts)), key=lambda index: discounts[index].percent is None)


def _off(one: DiscountInput, left: Money) -> Money:
    if one.amount is not None:
        return one.amount
    assert one.percent is not None
    if one.percent >= 100:
        return left
    return Money.rounded(Fraction(left.major) * Fraction(one.percent) / 100, left.currency)
