from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.decimals import InvalidDecimal
from billing.kernel.money import (
    MAX_MINOR,
    MINOR_DIGITS,
    AmountTooLarge,
    CurrencyMismatch,
    Money,
    UnknownCurrency,
    parse_amount,
)

minors = st.integers(-MAX_MINOR, MAX_MINOR)
weightings = st.lists(st.integers(0, 10**6), min_size=1, max_size=9).filter(any)


@pytest.mark.parametrize(
    ("exact", "currency", "amount"),
    [
        ("3.5035", "USD", "3.50"),
        ("0.005", "USD", "0.01"),
        ("-0.005", "USD", "-0.01"),
        ("0.00499999999999999999999999999999999", "USD", "0.00"),
        ("-0.004", "USD", "0.00"),
        ("2.675", "USD", "2.68"),
        ("33.3", "JPY", "33"),
        ("0.5", "JPY", "1"),
        ("0.0005", "KWD", "0.001"),
        ("0.00005", "CLF", "0.0001"),
        ("1E+3", "USD", "1000.00"),
    ],
)
def test_a_computed_amount_is_rounded_half_away_from_zero(
    exact: str, currency: str, amount: str
) -> None:
    assert Money.rounded(Decimal(exact), currency).amount == amount
    assert Money.rounded(Fraction(exact), currency).amount == amount


@given(st.fractions(-(10**6), 10**6), st.sampled_from(sorted(MINOR_DIGITS)))
def test_rounding_moves_by_half_a_minor_unit_at_most(amount: Fraction, currency: str) -> None:
    money = Money.rounded(amount, currency)

    exact_minor = amount * 10 ** MINOR_DIGITS[currency]
    assert abs(money.minor - exact_minor) <= Fraction(1, 2)
    assert Money.rounded(-amount, currency) == -money
    if abs(money.minor - exact_minor) == Fraction(1, 2):
        assert abs(money.minor) > abs(exact_minor)


@pytest.mark.parametrize("value", [0.5, 1, "1", True, None])
def test_only_exact_numbers_are_rounded(value: object) -> None:
    with pytest.raises(TypeError):
        Money.rounded(value, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("minor", [1.0, True, Decimal(1), "1", None])
def test_minor_units_are_whole_numbers(minor: object) -> None:
    with pytest.raises(TypeError):
        Money(minor, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["usd", "XXX", "XAU", "", "USDD", "HRK"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, currency)


def test_the_bound_holds_for_amounts_sums_and_roundings() -> None:
    most = Money(MAX_MINOR, "USD")

    assert (-most).minor == -MAX_MINOR
    with pytest.raises(AmountTooLarge):
        Money(MAX_MINOR + 1, "USD")
    with pytest.raises(AmountTooLarge):
        most + Money(1, "USD")
    with pytest.raises(AmountTooLarge):
        -most - Money(1, "USD")
    with pytest.raises(AmountTooLarge):
        Money.total([most, most], "USD")
    with pytest.raises(AmountTooLarge):
        Money.rounded(Decimal("1e999999"), "USD")
    with pytest.raises(AmountTooLarge):
        Money.rounded(Decimal("10000000000000.005"), "USD")


def test_currencies_do_not_mix() -> None:
    dollar, euro = Money(1, "USD"), Money(1, "EUR")

    for meeting in (
        lambda: dollar + euro,
        lambda: dollar - euro,
        lambda: dollar < euro,
        lambda: dollar <= euro,
        lambda: dollar > euro,
        lambda: dollar >= euro,
        lambda: Money.total([dollar, euro], "USD"),
    ):
        with pytest.raises(CurrencyMismatch):
            meeting()
    assert dollar != euro


def test_amounts_of_one_currency_add_up_and_compare() -> None:
    one, two = Money(1, "USD"), Money(2, "USD")

    assert one + one == two
    assert one - two == Money(-1, "USD")
    assert Money.total([one, two], "USD") == Money(3, "USD")
    assert Money.total([], "USD") == Money.zero("USD")
    assert (one < two, two <= one, two > one, one >= two) == (True, False, True, False)
    assert (bool(one), bool(Money.zero("USD"))) == (True, False)


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [
        (0, "USD", "0.00"),
        (5, "USD", "0.05"),
        (-5, "USD", "-0.05"),
        (-1250, "USD", "-12.50"),
        (1250, "JPY", "1250"),
        (0, "JPY", "0"),
        (1, "KWD", "0.001"),
        (1, "CLF", "0.0001"),
        (MAX_MINOR, "USD", "10000000000000.00"),
    ],
)
def test_an_amount_has_exactly_the_decimals_of_its_currency(
    minor: int, currency: str, amount: str
) -> None:
    assert Money(minor, currency).amount == amount
    assert Money(minor, currency).major == Decimal(amount)


@given(minors, st.sampled_from(sorted(MINOR_DIGITS)))
def test_an_amount_is_read_back_as_it_was_written(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    text = money.amount
    assert Money.rounded(Decimal(text), currency) == money
    if len(text.lstrip("-").partition(".")[0]) <= 15:
        assert parse_amount(text, currency, exact_decimals=True) == money


@pytest.mark.parametrize(
    ("minor", "weights", "shares"),
    [
        (1000, [3333, 3333, 3334], [333, 333, 334]),
        (3300, [6000, 2501, 1499], [1980, 825, 495]),
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (5, [0, 1, 0, 1], [0, 3, 0, 2]),
        (0, [1, 2], [0, 0]),
        (10, [Decimal("0.5"), Decimal("0.25"), Fraction(1, 4)], [5, 3, 2]),
        (10, [110, -10], [11, -1]),
    ],
)
def test_a_split_goes_by_largest_remainder_and_ties_to_the_earlier(
    minor: int, weights: list[int], shares: list[int]
) -> None:
    assert [share.minor for share in Money(minor, "USD").split(weights)] == shares


@given(minors, weightings)
def test_a_split_loses_no_cent(minor: int, weights: list[int]) -> None:
    shares = Money(minor, "USD").split(weights)

    assert sum(share.minor for share in shares) == minor


@given(minors, weightings)
def test_a_share_is_off_its_exact_part_by_less_than_one(minor: int, weights: list[int]) -> None:
    shares = Money(minor, "USD").split(weights)

    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.minor - Fraction(minor * weight, sum(weights))) < 1


@given(minors, weightings, st.integers(2, 9))
def test_a_split_depends_on_proportions_and_mirrors_with_the_sign(
    minor: int, weights: list[int], factor: int
) -> None:
    shares = Money(minor, "USD").split(weights)

    assert Money(minor, "USD").split([weight * factor for weight in weights]) == shares
    assert Money(minor, "USD").split([Decimal(weight).scaleb(-3) for weight in weights]) == shares
    assert [-share for share in Money(-minor, "USD").split(weights)] == shares


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [-3, 1]])
def test_nothing_to_split_by_is_an_error(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="Nothing to split by"):
        Money(100, "USD").split(weights)


@pytest.mark.parametrize(
    ("value", "currency", "amount"),
    [
        ("12.5", "USD", "12.50"),
        ("12.50", "USD", "12.50"),
        (12, "USD", "12.00"),
        (Decimal("1e3"), "JPY", "1000"),
        ("0.001", "KWD", "0.001"),
        ("-1", "USD", "-1.00"),
    ],
)
def test_an_amount_has_at_most_the_decimals_of_its_currency(
    value: object, currency: str, amount: str
) -> None:
    assert parse_amount(value, currency).amount == amount


@pytest.mark.parametrize(
    ("value", "currency", "error"),
    [
        ("12.345", "USD", InvalidDecimal),
        ("12.500", "USD", InvalidDecimal),
        (Decimal("12.500"), "USD", InvalidDecimal),
        ("1.0", "JPY", InvalidDecimal),
        ("1", "usd", UnknownCurrency),
        (True, "USD", InvalidDecimal),
        ("99999999999999", "USD", AmountTooLarge),
        ("9999999999999999", "JPY", InvalidDecimal),
    ],
)
def test_an_amount_that_cannot_be_is_refused(
    value: object, currency: str, error: type[ValueError]
) -> None:
    with pytest.raises(error):
        parse_amount(value, currency)


@pytest.mark.parametrize("value", ["12", "12.5", 12, Decimal("1e1")])
def test_exact_decimals_can_be_demanded(value: object) -> None:
    assert parse_amount("12.50", "USD", exact_decimals=True).minor == 1250

    with pytest.raises(InvalidDecimal, match="must have exactly 2 decimals"):
        parse_amount(value, "USD", exact_decimals=True)


def test_the_table_of_currencies_knows_their_decimals() -> None:
    for_digits = {
        digits: sorted(code for code, own in MINOR_DIGITS.items() if own == digits)
        for digits in (0, 3, 4)
    }

    assert for_digits == {
        0: [
            *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"),
            *("UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
        ],
        3: ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"],
        4: ["CLF", "UYW"],
    }
    assert MINOR_DIGITS["USD"] == MINOR_DIGITS["EUR"] == MINOR_DIGITS["MGA"] == 2
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in MINOR_DIGITS)
