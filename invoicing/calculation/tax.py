"""Tax: once for each rate, on the sum of all that falls under it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.kernel.money import Money
from invoicing.calculation.values import LineInput, TaxRateInput

RateKey = tuple[str, Decimal]
"""A tax and its percentage: what a TAX line stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxOfRate:
    """The tax of one rate; `source` is the first of the given rates with this key.

    `included` is the part of it that inclusive prices hold already.
    """

    source: int
    key: RateKey
    tax: Money
    included: Money


def stacks_of(rates: Sequence[TaxRateInput]) -> dict[str, tuple[RateKey, ...]]:
    """Return the rates that each category is under, in the order given.

    Raises ValueError for two rates of one tax on one category.
    """
    stacks: dict[str, tuple[RateKey, ...]] = {}
    for rate in rates:
        stack = stacks.get(rate.category, ())
        if any(tax == rate.tax for tax, _percent in stack):
            raise ValueError("A tax category has one rate of a tax")
        stacks[rate.category] = (*stack, (rate.tax, rate.percent))
    return stacks


def summed(stack: Sequence[RateKey]) -> Decimal:
    """Return the percentages of a stack together. The order of the rates makes no difference."""
    return sum((percent for _tax, percent in stack), Decimal(0))


def tax_by_rate(
    *,
    lines: Sequence[tuple[LineInput, Money]],
    rates: Sequence[TaxRateInput],
    stacks: Mapping[str, tuple[RateKey, ...]],
    currency: str,
) -> list[TaxOfRate]:
    """Tax the discounted amounts of lines, in the order of the rates.

    On top of exclusive ones and out of inclusive ones; the exact sum of both is rounded once.
    Equal percentages of one tax are one rate, whatever the category. A sum may be negative, and
    so is its tax then. A category without a rate is not taxed, a rate that no line falls under
    is left out, one of zero percent is shown.
    """
    taxes = []
    for key in dict.fromkeys((rate.tax, rate.percent) for rate in rates):  # 19 and 19.0 are one
        under = [pair for pair in lines if key in stacks.get(pair[0].tax_category, ())]
        if not under:
            continue
        on_top = sum((_on_top(key, amount) for line, amount in under if not line.inclusive), ZERO)
        held = sum(
            (
                _held(key, amount, stacks[line.tax_category])
                for line, amount in under
                if line.inclusive
            ),
            ZERO,
        )
        tax = Money.rounded(on_top + held, currency)
        taxes.append(
            TaxOfRate(
                source=next(i for i, rate in enumerate(rates) if (rate.tax, rate.percent) == key),
                key=key,
                tax=tax,
                included=tax - Money.rounded(on_top, currency),
            )
        )
    return taxes


ZERO = Fraction(0)


def _on_top(key: RateKey, amount: Money) -> Fraction:
    return Fraction(amount.major) * Fraction(key[1]) / 100


def _held(key: RateKey, amount: Money, stack: Sequence[RateKey]) -> Fraction:
    return Fraction(amount.major) * Fraction(key[1]) / (100 + Fraction(summed(stack)))
