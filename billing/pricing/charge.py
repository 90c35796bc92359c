"""The price of a period's usage under a charge's terms."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from billing.kernel.decimals import exact
from billing.pricing.errors import PricingError, Problem
from billing.pricing.graduated import graduated
from billing.pricing.package import package
from billing.pricing.parts import Part
from billing.pricing.per_unit import per_unit
from billing.pricing.percentage import percentage
from billing.pricing.staircase import staircase
from billing.pricing.terms import ChargeModel, ChargeTerms, Usage
from billing.pricing.volume import volume

_GOES_BELOW_ZERO: Final = {ChargeModel.PER_UNIT, ChargeModel.PERCENTAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """The exact price of `quantity`, which is what remains once the included one is taken off."""

    quantity: Decimal
    parts: tuple[Part, ...]

    @property
    def amount(self) -> Decimal:
        """The exact sum of the parts, in major units. Minimum and maximum are not yet applied."""
        with exact():
            return sum((part.amount for part in self.parts), Decimal(0))


def price(terms: ChargeTerms, usage: Usage) -> Priced:
    """Price usage by the model of its terms, exactly. Preview, invoice and cost all call this.

    Raises PricingError for terms that `validate_terms` would not have passed.

    >>> terms = ChargeTerms(model=ChargeModel.PER_UNIT, unit_price=Decimal("0.0035"))
    >>> price(terms, Usage(quantity=Decimal(1001), events=7)).amount
    Decimal('3.5035')
    """
    quantity = chargeable(terms, usage)
    return Priced(quantity=quantity, parts=tuple(_MODELS[terms.model](terms, quantity, usage)))


def chargeable(terms: ChargeTerms, usage: Usage) -> Decimal:
    """Return the quantity to be priced: what goes beyond the included one, and never below zero.

    But corrections may lead PER_UNIT and PERCENTAGE below zero where nothing is included (None,
    or an included quantity of zero, which says the same).
    """
    if not terms.included_quantity and terms.model in _GOES_BELOW_ZERO:
        return usage.quantity
    with exact():
        return max(Decimal(0), usage.quantity - (terms.included_quantity or Decimal(0)))


def _per_unit(terms: ChargeTerms, quantity: Decimal, _usage: Usage) -> list[Part]:
    return per_unit(quantity=quantity, unit_price=_given(terms.unit_price, "unitPrice"))


def _package(terms: ChargeTerms, quantity: Decimal, _usage: Usage) -> list[Part]:
    return package(
        quantity=quantity,
        package_size=_given(terms.package_size, "packageSize"),
        package_price=_given(terms.package_price, "packagePrice"),
    )


def _graduated(terms: ChargeTerms, quantity: Decimal, _usage: Usage) -> list[Part]:
    return graduated(quantity=quantity, tiers=terms.tiers or ())


def _volume(terms: ChargeTerms, quantity: Decimal, _usage: Usage) -> list[Part]:
    return volume(quantity=quantity, tiers=terms.tiers or ())


def _percentage(terms: ChargeTerms, quantity: Decimal, usage: Usage) -> list[Part]:
    return percentage(
        quantity=quantity,
        events=usage.events,
        rate=_given(terms.rate, "rate"),
        fixed_fee=terms.fixed_fee or Decimal(0),
    )


def _staircase(terms: ChargeTerms, quantity: Decimal, _usage: Usage) -> list[Part]:
    return staircase(quantity=quantity, tiers=terms.tiers or ())


def _given(value: Decimal | None, name: str) -> Decimal:
    if value is None:
        raise PricingError(Problem(name, "is required"))
    return value


_MODELS: Final[dict[ChargeModel, Callable[[ChargeTerms, Decimal, Usage], list[Part]]]] = {
    ChargeModel.PER_UNIT: _per_unit,
    ChargeModel.PACKAGE: _package,
    ChargeModel.GRADUATED: _graduated,
    ChargeModel.VOLUME: _volume,
    ChargeModel.PERCENTAGE: _percentage,
    ChargeModel.STAIRCASE: _staircase,
}
