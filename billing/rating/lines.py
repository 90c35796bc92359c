"""From a period's usage to the money of its lines: rounded once, capped, topped up."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from billing.kernel.money import Money
from billing.pricing import ChargeTerms, Part, Usage, price

WHOLE: Final = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedCharge:
    """A charge's USAGE line and the top-up of its MINIMUM line, both for one period.

    `quantity` is the usage as measured, `charged_quantity` what was priced of it, `exact` the
    sum of the parts in major units. Where `is_capped`, the line is less than its parts.
    """

    quantity: Decimal
    charged_quantity: Decimal
    parts: tuple[Part, ...]
    exact: Decimal
    line: Money
    minimum: Money
    is_capped: bool

    @property
    def total(self) -> Money:
        return self.line + self.minimum


def rate_charge(
    terms: ChargeTerms, usage: Usage, *, currency: str, part: Fraction = WHOLE
) -> RatedCharge:
    """Rate one charge for one period under one plan version.

    `part` is the share of the period that the charge was in force: minimum and maximum shrink
    with it; quantities, tiers and fees do not. Raises AmountTooLarge for a line beyond the bound.
    """
    priced = price(terms, usage)
    amount = priced.amount
    line = Money.rounded(amount, currency)
    is_capped = False
    if terms.maximum is not None:
        most = prorated(terms.maximum, part=part, currency=currency)
        is_capped = line > most
        line = min(line, most)
    minimum = Money.zero(currency)
    if terms.minimum is not None:
        least = prorated(terms.minimum, part=part, currency=currency)
        minimum = top_up(line, to=least)
    return RatedCharge(
        quantity=usage.quantity,
        charged_quantity=priced.quantity,
        parts=priced.parts,
        exact=amount,
        line=line,
        minimum=minimum,
        is_capped=is_capped,
    )


def commitment_top_up(
    *, commitment: Decimal, own: Iterable[Money], currency: str, part: Fraction = WHOLE
) -> Money:
    """Return what a minimum commitment still asks for, zero where the period reaches it.

    `own` are the period's own fee, its usage and its minimums, before discounts; the commitment
    is in major units and shrinks with `part` as a charge's minimum does.
    """
    least = prorated(commitment, part=part, currency=currency)
    return top_up(Money.total(own, currency), to=least)


def prorated(amount: Decimal, *, part: Fraction, currency: str) -> Money:
    """Round a part of an amount of major units: a fee, a minimum, a maximum, a commitment.

    >>> prorated(Decimal(25), part=Fraction(31, 60), currency="USD").amount
    '12.92'
    """
    if not 0 <= part <= 1:
        raise ValueError("A part lies between nothing and the whole")
    return Money.rounded(Fraction(amount) * part, currency)


def top_up(amount: Money, *, to: Money) -> Money:
    """Return what is missing from an amount to a least one, zero where nothing is."""
    return to - amount if to > amount else Money.zero(to.currency)
