"""Tax: once for each rate, on the sum of all that falls under it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.kernel.money import Money
from invoicing.calculation.values import TaxRateInput


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxOfRate:
    """The tax of one rate; `source` is the first of the given rates with this percentage."""

    source: int
    percent: Decimal
    base: Money
    tax: Money


def tax_by_rate(
    *, bases: Sequence[tuple[str, Money]], rates: Sequence[TaxRateInput], currency: str
) -> list[TaxOfRate]:
    """Tax the (category, discounted amount) of lines, on top of them, in the order of the rates.

    Categories with the same percentage are one rate. The sum under a rate is taxed and rounded
    once; it may be negative, and so is its tax then. A category without a rate is not taxed, a
    rate that no line falls under is left out, one of zero percent is shown.
    """
    taxes = []
    for percent in dict.fromkeys(rate.percent for rate in rates):  # equal ones (19, 19.0) are one
        categories = {rate.category for rate in rates if rate.percent == percent}
        under = [amount for category, amount in bases if category in categories]
        if under:
            base = Money.total(under, currency)
            taxes.append(
                TaxOfRate(
                    source=next(i for i, rate in enumerate(rates) if rate.percent == percent),
                    percent=percent,
                    base=base,
                    tax=Money.rounded(Fraction(base.major) * Fraction(percent) / 100, currency),
                )
            )
    return taxes


def percents(rates: Sequence[TaxRateInput]) -> dict[str, Decimal]:
    """Return the percentage of each category. Raises ValueError for two rates of one category."""
    by_category = {rate.category: rate.percent for rate in rates}
    if len(by_category) < len(rates):
        raise ValueError("A tax category has one rate")
    return by_category
