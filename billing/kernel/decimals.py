"""Decimals read from and written to the wire, exact in between."""

import re
from contextlib import AbstractContextManager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    Underflow,
    localcontext,
)
from typing import Final

# Python's own context rounds at 28 digits without a word. A quantity and a price of the contract
# have 27 digits each, so 100 leaves room for their product summed over any number of tiers; what
# would not fit raises. FloatOperation keeps binary floats out, also by comparison.
EXACT: Final = Context(
    prec=100,
    rounding=ROUND_HALF_EVEN,
    Emin=-999,
    Emax=999,
    traps=[DivisionByZero, FloatOperation, Inexact, InvalidOperation, Overflow, Underflow],
)

MAX_INTEGER_DIGITS: Final = 15
MAX_DECIMALS: Final = 12

_DECIMAL: Final = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?")


class InvalidDecimal(ValueError):
    """A value that is no decimal of the contract. The message states the rule, never the value."""


def exact() -> AbstractContextManager[Context]:
    """Make the decimal arithmetic of a `with` block exact: a lost digit raises `decimal.Inexact`.

    >>> with exact():
    ...     Decimal("123456789012345.123456789012") * Decimal("0.000000000001")
    Decimal('123.456789012345123456789012')
    """
    return localcontext(EXACT)


def parse_decimal(
    value: object,
    *,
    max_integer_digits: int = MAX_INTEGER_DIGITS,
    max_decimals: int = MAX_DECIMALS,
) -> Decimal:
    """Read a decimal of the contract: a string, or a JSON number as an int or a Decimal.

    A string is ASCII `-?digits[.digits]`. A JSON number may have an exponent; its digits are
    counted as written (12.50 has two decimals, 1e3 has none). A negative zero is read as zero.
    Raises InvalidDecimal for all else: bool and float too, since a float has lost digits already.

    >>> parse_decimal("12.50"), parse_decimal(7), parse_decimal(Decimal("1e3"))
    (Decimal('12.50'), Decimal('7'), Decimal('1000'))
    """
    if isinstance(value, str):
        number = _from_text(value, max_integer_digits, max_decimals)
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= 10**max_integer_digits:
            raise _too_many_digits(max_integer_digits)
        number = Decimal(value)
    elif isinstance(value, Decimal):
        number = _from_number(value, max_integer_digits, max_decimals)
    else:
        raise InvalidDecimal(
            'must be a decimal: a string of ASCII digits such as "12.50", or a JSON number'
        )
    return number or number.copy_abs()


def format_decimal(value: Decimal) -> str:
    """Write a finite decimal without an exponent and without trailing zeros.

    >>> format_decimal(Decimal("1E+3")), format_decimal(Decimal("0.00350"))
    ('1000', '0.0035')
    """
    if not value.is_finite():
        raise InvalidDecimal("must be a finite number")
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _from_text(text: str, max_integer_digits: int, max_decimals: int) -> Decimal:
    # Matched before Decimal sees it: Decimal takes "1_000", " 1", "NaN" and other scripts' digits.
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise InvalidDecimal("must be ASCII digits with an optional leading '-' and a '.' inside")
    whole, decimals = match.groups(default="")
    if len(whole) > max_integer_digits:
        raise _too_many_digits(max_integer_digits)
    if len(decimals) > max_decimals:
        raise _too_many_decimals(max_decimals)
    return Decimal(text)


def _from_number(number: Decimal, max_integer_digits: int, max_decimals: int) -> Decimal:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):  # "n", "N" or "F": NaN, sNaN, Infinity
        raise InvalidDecimal("must be a finite number")
    if exponent < -max_decimals:
        raise _too_many_decimals(max_decimals)
    if not number:
        return Decimal(0)
    if number.adjusted() >= max_integer_digits:
        raise _too_many_digits(max_integer_digits)
    return number if exponent <= 0 else number.quantize(Decimal(1), context=EXACT)


def _too_many_digits(limit: int) -> InvalidDecimal:
    return InvalidDecimal(f"must have at most {limit} digits before the point")


def _too_many_decimals(limit: int) -> InvalidDecimal:
    if limit == 0:
        return InvalidDecimal("must be a whole number")
    return InvalidDecimal(f"must have at most {limit} decimals")
