"""Which tiers and terms are refused, and by which words."""

from typing import Any

import pytest
from hypothesis import given

from billing.pricing import (
    ChargeModel,
    ChargeTerms,
    PricingError,
    Tier,
    price,
    require_complete,
    validate_terms,
)
from tests.unit.pricing_cases import STAIRS, TIERS_T, D, any_terms, of, per_unit_terms, tiered_terms


def tiers(*ends: int | None) -> tuple[Tier, ...]:
    return tuple(
        Tier(up_to=None if end is None else D(end), unit_price=D(1), flat_fee=D(1)) for end in ends
    )


INCOMPLETE = [
    ("no tier", tiers(), ("tiers", "must hold at least one tier")),
    ("no open end", tiers(10, 20), ("tiers[1].upTo", "must be null: the last tier is open-ended")),
    (
        "open in the middle",
        tiers(10, None, None),
        ("tiers[1].upTo", "must be given: only the last tier is open-ended"),
    ),
    (
        "unordered",
        tiers(20, 10, None),
        ("tiers[1].upTo", "must be above 20, where the tier before it ends"),
    ),
    (
        "overlapping",
        tiers(10, 10, None),
        ("tiers[1].upTo", "must be above 10, where the tier before it ends"),
    ),
    ("starting at zero", tiers(0, None), ("tiers[0].upTo", "must be above 0")),
    ("below zero", tiers(-5, None), ("tiers[0].upTo", "must be above 0")),
]


@pytest.mark.parametrize(("_case", "given_tiers", "problem"), INCOMPLETE)
@pytest.mark.parametrize(
    "model", [ChargeModel.GRADUATED, ChargeModel.VOLUME, ChargeModel.STAIRCASE]
)
def test_incomplete_tiers_are_refused_by_name(
    _case: str, given_tiers: tuple[Tier, ...], problem: tuple[str, str], model: ChargeModel
) -> None:
    with pytest.raises(PricingError) as refusal:
        price(tiered_terms(model, given_tiers), of(5))

    assert (refusal.value.field, refusal.value.message) == problem
    assert problem in validate_terms(tiered_terms(model, given_tiers))


def test_complete_tiers_pass() -> None:
    require_complete(TIERS_T)
    require_complete(STAIRS)
    require_complete(tiers(None))


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (ChargeModel.PER_UNIT, ["unitPrice"]),
        (ChargeModel.PACKAGE, ["packageSize", "packagePrice"]),
        (ChargeModel.GRADUATED, ["tiers"]),
        (ChargeModel.VOLUME, ["tiers"]),
        (ChargeModel.PERCENTAGE, ["rate"]),
        (ChargeModel.STAIRCASE, ["tiers"]),
    ],
)
def test_each_model_needs_its_own_fields(model: ChargeModel, fields: list[str]) -> None:
    terms = ChargeTerms(model=model)

    assert validate_terms(terms) == [
        (field, f"is required for a {model} charge") for field in fields
    ]
    with pytest.raises(PricingError) as refusal:
        price(terms, of(1))
    assert refusal.value.field == fields[0]


@pytest.mark.parametrize(
    ("model", "foreign"),
    [
        (ChargeModel.PER_UNIT, ["fixedFee", "packagePrice", "packageSize", "rate", "tiers"]),
        (ChargeModel.PACKAGE, ["fixedFee", "rate", "tiers", "unitPrice"]),
        (ChargeModel.GRADUATED, ["fixedFee", "packagePrice", "packageSize", "rate", "unitPrice"]),
        (ChargeModel.VOLUME, ["fixedFee", "packagePrice", "packageSize", "rate", "unitPrice"]),
        (ChargeModel.PERCENTAGE, ["packagePrice", "packageSize", "tiers", "unitPrice"]),
        (ChargeModel.STAIRCASE, ["fixedFee", "packagePrice", "packageSize", "rate", "unitPrice"]),
    ],
)
def test_each_model_forbids_the_fields_of_the_others(
    model: ChargeModel, foreign: list[str]
) -> None:
    everything = ChargeTerms(
        model=model,
        included_quantity=D(1),
        unit_price=D(1),
        package_size=D(1),
        package_price=D(1),
        tiers=STAIRS if model is ChargeModel.STAIRCASE else TIERS_T,
        rate=D(1),
        fixed_fee=D(1),
        minimum=D(1),
        maximum=D(1),
    )

    assert validate_terms(everything) == [
        (field, f"does not belong to a {model} charge") for field in foreign
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"included_quantity": D(-1)}, ("includedQuantity", "must not be negative")),
        ({"unit_price": "-0.01"}, ("unitPrice", "must not be negative")),
        ({"minimum": D(-1)}, ("minimumAmount", "must not be negative")),
        ({"maximum": D(-1)}, ("maximumAmount", "must not be negative")),
        (
            {"minimum": D(25), "maximum": D("24.99")},
            ("maximumAmount", "must not be below minimumAmount"),
        ),
    ],
)
def test_a_number_out_of_range_is_named(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    terms = per_unit_terms(**{"unit_price": "1", **changes})

    assert validate_terms(terms) == [problem]


def test_the_ends_of_the_ranges_are_allowed() -> None:
    free = ChargeTerms(
        model=ChargeModel.PER_UNIT,
        included_quantity=D(0),
        unit_price=D(0),
        minimum=D(25),
        maximum=D(25),
    )

    assert validate_terms(free) == []


@pytest.mark.parametrize("size", ["0", "-1"])
def test_a_package_holds_something(size: str) -> None:
    terms = ChargeTerms(model=ChargeModel.PACKAGE, package_size=D(size), package_price=D(-1))

    assert validate_terms(terms) == [
        ("packageSize", "must be above 0"),
        ("packagePrice", "must not be negative"),
    ]


def test_a_percentage_is_not_negative() -> None:
    terms = ChargeTerms(model=ChargeModel.PERCENTAGE, rate=D(-1), fixed_fee=D(-1))

    assert validate_terms(terms) == [
        ("rate", "must not be negative"),
        ("fixedFee", "must not be negative"),
    ]


@pytest.mark.parametrize("model", [ChargeModel.GRADUATED, ChargeModel.VOLUME])
def test_a_tier_needs_a_price_and_may_have_a_fee(model: ChargeModel) -> None:
    bare = (Tier(up_to=D(1), unit_price=D(-1)), Tier(up_to=None, flat_fee=D(-2)))

    assert validate_terms(tiered_terms(model, bare)) == [
        ("tiers[0].unitPrice", "must not be negative"),
        ("tiers[1].unitPrice", f"is required for a {model} charge"),
        ("tiers[1].flatFee", "must not be negative"),
    ]


def test_a_step_has_a_fee_and_no_price() -> None:
    steps = (Tier(up_to=D(1), unit_price=D(1)), Tier(up_to=None, flat_fee=D(2)))

    assert validate_terms(tiered_terms(ChargeModel.STAIRCASE, steps)) == [
        ("tiers[0].unitPrice", "does not belong to a STAIRCASE charge"),
        ("tiers[0].flatFee", "is required for a STAIRCASE charge"),
    ]


@given(any_terms())
def test_terms_that_are_priced_are_valid(terms: ChargeTerms) -> None:
    assert validate_terms(terms) == []
