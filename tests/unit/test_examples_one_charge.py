"""The table "One charge" of the contract's worked examples, and what stands in "Late" of it."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing.kernel.decimals import format_decimal
from billing.kernel.money import AmountTooLarge, Money
from billing.pricing import ChargeModel, ChargeTerms, Usage, price
from billing.rating.lines import RatedCharge, commitment_top_up, prorated, rate_charge
from tests.unit.pricing_cases import (
    STAIRS,
    D,
    any_terms,
    decimals,
    of,
    per_unit_terms,
    quantities,
    tiered_terms,
)

GRADUATED_T = tiered_terms(ChargeModel.GRADUATED)
VOLUME_T = tiered_terms(ChargeModel.VOLUME)
STAIRCASE = tiered_terms(ChargeModel.STAIRCASE, STAIRS)
PACKAGE = ChargeTerms(
    model=ChargeModel.PACKAGE,
    package_size=D(1000),
    package_price=D("0.01"),
    included_quantity=D(100_000),
)
PERCENTAGE = ChargeTerms(model=ChargeModel.PERCENTAGE, rate=D("1.25"), fixed_fee=D("0.30"))


def rate(terms: ChargeTerms, usage: Usage, currency: str = "USD") -> RatedCharge:
    return rate_charge(terms, usage, currency=currency)


@pytest.mark.parametrize(
    ("row", "terms", "quantity", "exact", "line"),
    [
        ("PER_UNIT 0.0035", per_unit_terms("0.0035"), 1001, "3.5035", "3.50"),
        ("PER_UNIT 0.005", per_unit_terms("0.005"), 1, "0.005", "0.01"),
        ("PER_UNIT 0.005, a correction", per_unit_terms("0.005"), -1, "-0.005", "-0.01"),
        ("PACKAGE, includedQuantity 100000", PACKAGE, 100_000, "0", "0.00"),
        ("PACKAGE, includedQuantity 100000", PACKAGE, 100_001, "0.01", "0.01"),
        ("PACKAGE, includedQuantity 100000", PACKAGE, 101_001, "0.02", "0.02"),
        ("GRADUATED T", GRADUATED_T, 0, "0", "0.00"),
        ("GRADUATED T", GRADUATED_T, 1000, "20", "20.00"),
        ("GRADUATED T", GRADUATED_T, "1000.5", "23.0075", "23.01"),
        ("GRADUATED T", GRADUATED_T, 6000, "93", "93.00"),
        ("VOLUME T", VOLUME_T, 1000, "20", "20.00"),
        ("VOLUME T", VOLUME_T, "1000.5", "18.0075", "18.01"),
        ("VOLUME T", VOLUME_T, 1001, "18.015", "18.02"),
        ("VOLUME T", VOLUME_T, 6000, "60", "60.00"),
        ("STAIRCASE", STAIRCASE, 0, "10", "10.00"),
        ("STAIRCASE", STAIRCASE, 100, "10", "10.00"),
        ("STAIRCASE", STAIRCASE, "100.01", "50", "50.00"),
        ("STAIRCASE", STAIRCASE, 5000, "200", "200.00"),
    ],
)
def test_row_of_one_charge(
    row: str, terms: ChargeTerms, quantity: object, exact: str, line: str
) -> None:
    rated = rate(terms, of(quantity))

    assert (format_decimal(rated.exact), rated.line.amount) == (exact, line), row
    assert rated.minimum.amount == "0.00"


def test_row_percentage_of_three_events_that_sum_to_240_40() -> None:
    rated = rate(PERCENTAGE, of("240.40", events=3))

    assert (format_decimal(rated.exact), rated.line.amount) == ("3.905", "3.91")


def test_row_graduated_t_with_minimum_amount_25() -> None:
    rated = rate(replace(GRADUATED_T, minimum=D(25)), of(1000))

    assert (rated.line.amount, rated.minimum.amount) == ("20.00", "5.00")


def test_row_per_unit_with_minimum_amount_25_less_the_rounded_line() -> None:
    rated = rate(per_unit_terms("0.0041", minimum=D(25)), of(4879))

    assert format_decimal(rated.exact) == "20.0039"
    assert (rated.line.amount, rated.minimum.amount) == ("20.00", "5.00")


def test_row_graduated_t_with_maximum_amount_50() -> None:
    rated = rate(replace(GRADUATED_T, maximum=D(50)), of(6000))

    assert (rated.line.amount, rated.exact, rated.is_capped) == ("50.00", D(93), True)


@pytest.mark.parametrize(
    ("currency", "unit_price", "quantity", "exact", "line"),
    [("JPY", "0.333", 100, "33.3", "33"), ("KWD", "0.0005", 1, "0.0005", "0.001")],
)
def test_row_of_a_currency_with_other_decimals(
    currency: str, unit_price: str, quantity: int, exact: str, line: str
) -> None:
    rated = rate(per_unit_terms(unit_price), of(quantity), currency)

    assert (format_decimal(rated.exact), rated.line.amount) == (exact, line)


def test_row_minimum_amount_25_for_fifteen_and_a_half_of_thirty_days() -> None:
    terms = per_unit_terms("1", minimum=D(25))

    rated = rate_charge(terms, of(0, events=0), currency="USD", part=Fraction(31, 60))

    assert (rated.line.amount, rated.minimum.amount) == ("0.00", "12.92")


@pytest.mark.parametrize(
    ("row", "terms", "invoiced", "now", "difference"),
    [
        ("200 more arrive for April", GRADUATED_T, 900, 1100, "6.50"),
        ("then 50 of April's are voided", GRADUATED_T, 1100, 1050, "-0.75"),
        (
            "PACKAGE 1000 for 1.00, 50 more arrive",
            replace(PACKAGE, package_price=D(1), included_quantity=None),
            900,
            950,
            "0.00",
        ),
    ],
)
def test_row_of_late_usage(
    row: str, terms: ChargeTerms, invoiced: int, now: int, difference: str
) -> None:
    adjustment = rate(terms, of(now)).total - rate(terms, of(invoiced)).total

    assert adjustment.amount == difference, row


def test_a_line_within_its_maximum_is_not_capped() -> None:
    exactly = rate(replace(GRADUATED_T, maximum=D(93)), of(6000))

    assert (exactly.line.amount, exactly.is_capped) == ("93.00", False)


def test_minimum_and_maximum_shrink_with_the_part_and_the_price_does_not() -> None:
    terms = per_unit_terms("1", minimum=D(20), maximum=D(50))
    half = Fraction(1, 2)

    low, middle, high = (
        rate_charge(terms, of(quantity), currency="USD", part=half) for quantity in (4, 15, 40)
    )

    assert (low.line.amount, low.minimum.amount) == ("4.00", "6.00")
    assert (middle.line.amount, middle.minimum.amount) == ("15.00", "0.00")
    assert (high.line.amount, high.minimum.amount) == ("25.00", "0.00")


def test_a_negative_line_is_topped_up_to_the_whole_minimum() -> None:
    rated = rate(per_unit_terms("1", minimum=D(5)), of(-3))

    assert (rated.line.amount, rated.minimum.amount, rated.total.amount) == (
        "-3.00",
        "8.00",
        "5.00",
    )


def test_a_rated_charge_tells_what_was_measured_and_what_was_priced() -> None:
    rated = rate(PACKAGE, of(101_001))

    assert (rated.quantity, rated.charged_quantity) == (D(101_001), D(1001))
    assert [(part.quantity, part.unit_price) for part in rated.parts] == [(D(2), D("0.01"))]


def test_a_line_beyond_the_bound_is_refused_not_wrapped() -> None:
    with pytest.raises(AmountTooLarge):
        rate(per_unit_terms("999999999999999"), of("999999999999999"))


@pytest.mark.parametrize(
    ("own", "part", "missing"),
    [
        (["30.00", "50.00"], Fraction(1), "20.00"),
        (["30.00", "70.00"], Fraction(1), "0.00"),
        (["30.00", "170.00"], Fraction(1), "0.00"),
        ([], Fraction(1), "100.00"),
        (["-5.00"], Fraction(1), "105.00"),
        (["30.00"], Fraction(31, 60), "21.67"),
    ],
)
def test_a_commitment_tops_up_what_the_period_cost(
    own: list[str], part: Fraction, missing: str
) -> None:
    amounts = [Money.rounded(D(amount), "USD") for amount in own]

    found = commitment_top_up(commitment=D(100), own=amounts, currency="USD", part=part)

    assert found.amount == missing


@pytest.mark.parametrize("part", [Fraction(-1, 60), Fraction(61, 60)])
def test_a_part_of_a_period_is_not_more_than_it(part: Fraction) -> None:
    with pytest.raises(ValueError, match="between nothing and the whole"):
        prorated(D(1), part=part, currency="USD")


@given(
    any_terms(),
    quantities,
    decimals(10**4, 2),
    decimals(10**4, 2),
    st.fractions(0, 1),
)
def test_what_is_charged_lies_between_minimum_and_maximum(
    terms: ChargeTerms, quantity: Decimal, one: Decimal, other: Decimal, part: Fraction
) -> None:
    usage = Usage(quantity=quantity, events=1)
    assume(price(terms, usage).amount < 10**12)  # else no bill can hold it, and that raises
    minimum, maximum = sorted((one, other))
    bounded = replace(terms, minimum=minimum, maximum=maximum)

    rated = rate_charge(bounded, usage, currency="USD", part=part)

    least, most = (prorated(bound, part=part, currency="USD") for bound in (minimum, maximum))
    assert least <= rated.total <= most
    assert rated.minimum == Money.zero("USD") or rated.total == least
    assert rated.is_capped == (Money.rounded(rated.exact, "USD") > most)
