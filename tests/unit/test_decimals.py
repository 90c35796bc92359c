from decimal import Decimal, DivisionByZero, FloatOperation, Inexact, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.decimals import InvalidDecimal, exact, format_decimal, parse_decimal

contract_decimals = st.builds(
    lambda minor, decimals: Decimal(minor).scaleb(-decimals),
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.integers(0, 12),
)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("007", "7"),
        ("12.50", "12.50"),
        ("-0.000000000001", "-1E-12"),
        ("999999999999999.999999999999", "999999999999999.999999999999"),
        (0, "0"),
        (-7, "-7"),
        (999_999_999_999_999, "999999999999999"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1e3"), "1000"),
        (Decimal("1.5E+3"), "1500"),
        (Decimal("1e-12"), "1E-12"),
        (Decimal("-0.0"), "0"),
        (Decimal("0e500"), "0"),
    ],
)
def test_a_decimal_of_the_contract_is_read_exactly(given_value: object, expected: str) -> None:
    assert str(parse_decimal(given_value)) == expected


@pytest.mark.parametrize(
    "refused",
    [
        *("", " 1", "1 ", "1\n", "+1", "1.", ".5", "-", "--1", "1.2.3", "1,5", "1_000", "0x1"),
        *(
            "1e3",
            "1E3",
            "NaN",
            "nan",
            "Infinity",
            "-inf",
            "sNaN",
            "½",
            "१२",
            "\uff11",
            "٣",
            "1\x00",
        ),
        *(True, False, None, 1.0, float("nan"), b"1", [], {}, 1j),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")),
        *("1000000000000000", "0000000000000001", 10**15, -(10**15), Decimal("1e15")),
        *(Decimal("1e400"), 10**60, "9" * 60, "9" * 1_000_000),
        *("0.0000000000001", Decimal("1e-13"), Decimal("0.0000000000001"), Decimal("1e-400")),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_anything_else_is_refused(refused: object) -> None:
    with pytest.raises(InvalidDecimal):
        parse_decimal(refused)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1_000", "must be ASCII digits with an optional leading '-' and a '.' inside"),
        (1.0, 'must be a decimal: a string of ASCII digits such as "12.50", or a JSON number'),
        ("1" * 16, "must have at most 15 digits before the point"),
        ("0.1234567890123", "must have at most 12 decimals"),
        (Decimal("NaN"), "must be a finite number"),
    ],
)
def test_a_refusal_states_the_rule(value: object, message: str) -> None:
    with pytest.raises(InvalidDecimal) as refusal:
        parse_decimal(value)

    assert str(refusal.value) == message


def test_the_limits_can_be_narrowed() -> None:
    assert parse_decimal("99.9", max_integer_digits=2, max_decimals=1) == Decimal("99.9")
    for beyond in ("100", 100, Decimal(100), "1.00", Decimal("1.00")):
        with pytest.raises(InvalidDecimal):
            parse_decimal(beyond, max_integer_digits=2, max_decimals=1)
    with pytest.raises(InvalidDecimal, match="must be a whole number"):
        parse_decimal("1.0", max_decimals=0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+3", "1000"),
        ("1000", "1000"),
        ("1000.000", "1000"),
        ("0.00350", "0.0035"),
        ("1E-12", "0.000000000001"),
        ("-0.50", "-0.5"),
        ("-0.00", "0"),
        ("0E+5", "0"),
        ("0E-9", "0"),
        ("100", "100"),
    ],
)
def test_a_decimal_is_written_plainly(value: str, text: str) -> None:
    assert format_decimal(Decimal(value)) == text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_finite_number_is_not_written(value: str) -> None:
    with pytest.raises(InvalidDecimal):
        format_decimal(Decimal(value))


@given(contract_decimals)
def test_what_was_written_is_read_back(number: Decimal) -> None:
    text = format_decimal(number)

    assert parse_decimal(text) == number
    assert format_decimal(parse_decimal(text)) == text


@given(st.text(max_size=20))
def test_no_text_escapes_as_another_error(text: str) -> None:
    try:
        number = parse_decimal(text)
    except InvalidDecimal:
        return
    assert number.is_finite()
    assert set(text) <= set("-.0123456789")


@given(contract_decimals, contract_decimals)
def test_products_of_contract_decimals_are_exact(left: Decimal, right: Decimal) -> None:
    with exact():
        product = left * right

    numerator, denominator = left.as_integer_ratio()
    numerator_r, denominator_r = right.as_integer_ratio()
    top, bottom = product.as_integer_ratio()
    assert top * denominator * denominator_r == bottom * numerator * numerator_r


def test_a_lost_digit_raises_instead_of_rounding() -> None:
    with exact(), pytest.raises(Inexact):
        Decimal(1) / Decimal(3)
    with exact(), pytest.raises(DivisionByZero):
        Decimal(1) / Decimal(0)
    with exact(), pytest.raises(InvalidOperation):
        Decimal("sNaN") + 1
    with exact(), pytest.raises(FloatOperation):
        Decimal(1) < 1.5  # noqa: B015
    with exact():
        long = Decimal("1" * 100)
        with pytest.raises(Inexact):
            long * 11
