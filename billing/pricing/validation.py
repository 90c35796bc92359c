"""Which terms a charge may have."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from billing.pricing.errors import Problem
from billing.pricing.terms import ChargeModel, ChargeTerms
from billing.pricing.tiers import Tier, order_problems

# The model's own fields in the API's spelling, each with whether it must be given.
_OWN_FIELDS: Final[dict[ChargeModel, dict[str, bool]]] = {
    ChargeModel.PER_UNIT: {"unitPrice": True},
    ChargeModel.PACKAGE: {"packageSize": True, "packagePrice": True},
    ChargeModel.GRADUATED: {"tiers": True},
    ChargeModel.VOLUME: {"tiers": True},
    ChargeModel.PERCENTAGE: {"rate": True, "fixedFee": False},
    ChargeModel.STAIRCASE: {"tiers": True},
}


def validate_terms(terms: ChargeTerms) -> list[Problem]:
    """List all that is wrong with terms, as (field, message); nothing wrong: an empty list.

    >>> validate_terms(ChargeTerms(model=ChargeModel.PER_UNIT))
    [Problem(field='unitPrice', message='is required for a PER_UNIT charge')]
    """
    return [
        *_model_problems(terms),
        *_range_problems(terms),
        *(_tier_problems(terms.model, terms.tiers) if terms.tiers is not None else ()),
    ]


def _numbers(terms: ChargeTerms) -> dict[str, Decimal | None]:
    return {
        "includedQuantity": terms.included_quantity,
        "unitPrice": terms.unit_price,
        "packageSize": terms.package_size,
        "packagePrice": terms.package_price,
        "rate": terms.rate,
        "fixedFee": terms.fixed_fee,
        "minimumAmount": terms.minimum,
        "maximumAmount": terms.maximum,
    }


def _model_problems(terms: ChargeTerms) -> Iterator[Problem]:
    own = _OWN_FIELDS[terms.model]
    given = {name for name, value in _numbers(terms).items() if value is not None}
    if terms.tiers is not None:
        given.add("tiers")
    everyones = {"includedQuantity", "minimumAmount", "maximumAmount"}
    for name, needed in own.items():
        if needed and name not in given:
            yield Problem(name, f"is required for a {terms.model} charge")
    for name in sorted(given - own.keys() - everyones):
        yield Problem(name, f"does not belong to a {terms.model} charge")


def _range_problems(terms: ChargeTerms) -> Iterator[Problem]:
    for name, value in _numbers(terms).items():
        if value is None:
            continue
        if name == "packageSize":
            if not value > 0:
                yield Problem(name, "must be above 0")
        elif value < 0:
            yield Problem(name, "must not be negative")
    if terms.minimum is not None and terms.maximum is not None and terms.maximum < terms.minimum:
        yield Problem("maximumAmount", "must not be below minimumAmount")


def _tier_problems(model: ChargeModel, tiers: tuple[Tier, ...]) -> Iterator[Problem]:
    yield from order_problems(tiers)
    needed, foreign = "unitPrice", None
    if model is ChargeModel.STAIRCASE:
        needed, foreign = "flatFee", "unitPrice"
    for index, tier in enumerate(tiers):
        for name, value in (("unitPrice", tier.unit_price), ("flatFee", tier.flat_fee)):
            field = f"tiers[{index}].{name}"
            if value is None:
                if name == needed:
                    yield Problem(field, f"is required for a {model} charge")
            elif name == foreign:
                yield Problem(field, f"does not belong to a {model} charge")
            elif value < 0:
                yield Problem(field, "must not be negative")
