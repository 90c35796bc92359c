"""Quantities and metadata: JSON texts that become exact values."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

import msgspec

from billing.http.bodies import require_clean
from billing.kernel.decimals import (
    MAX_INTEGER_DIGITS,
    InvalidDecimal,
    format_decimal,
    parse_decimal,
)
from billing.kernel.errors import invalid

Quantity = tuple[int | Decimal, str]

METADATA_BYTES: Final = 16 * 1024
METADATA_LEVELS: Final = 5
NUMBER_LENGTH: Final = 60

_PLAIN: Final = re.compile(rb"-?[0-9]{1,15}\.[0-9]{1,12}")
_strings: Final = msgspec.json.Decoder(str)


def read_quantity(raw: bytes) -> Quantity:
    """Return a quantity as a number and as a text of it. Raises InvalidRequest.

    The usual ones, digits with or without a point, are read without building more than the number.
    """
    digits = raw[1:-1] if raw[:1] == b'"' else raw
    if digits.isdigit() and len(digits) <= MAX_INTEGER_DIGITS:
        whole = int(digits)
        return whole, str(whole)
    if _PLAIN.fullmatch(digits):
        text = digits.decode()
        return Decimal(text), text
    return _quantity(raw)


def _quantity(raw: bytes) -> Quantity:
    try:
        if raw[:1] == b'"':
            value = parse_decimal(_strings.decode(raw))
        elif raw[:1] in b"-0123456789" and len(raw) <= NUMBER_LENGTH:
            value = parse_decimal(Decimal(raw.decode()))
        else:
            raise invalid("quantity", "must be a decimal of at most 15 digits before the point")
    except (InvalidDecimal, InvalidOperation) as error:
        raise invalid("quantity", str(error)) from None
    number = int(value) if value == value.to_integral_value() else value
    return number, format_decimal(value)


def _float(text: str) -> Decimal:
    value = Decimal(text)
    if len(text) > NUMBER_LENGTH or abs(value.adjusted()) > NUMBER_LENGTH:
        raise ValueError("a number has more digits than any field takes")
    return value


_metadata: Final = msgspec.json.Decoder(float_hook=_float)

Metadata = tuple[dict[str, Any] | None, str | None]


def read_metadata(raw: bytes, *, may_hold_nul: bool) -> Metadata:
    """Return metadata as an object and as its JSON text: an object, or a string that holds one.

    Raises InvalidRequest for more than 16 KiB or 5 levels, and for what Postgres can't keep.
    """
    if raw == b"null":
        return None, None
    try:
        if raw[:1] == b'"':
            raw = _strings.decode(raw).encode()
        if len(raw) > METADATA_BYTES:
            raise invalid("metadata", "must have at most 16 KiB")
        value = _metadata.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise invalid("metadata", "must be a JSON object, or a string that holds one") from None
    if not isinstance(value, dict):
        raise invalid("metadata", "must be a JSON object, or a string that holds one")
    may_be_deep = b"[" in raw or raw.count(b"{") > METADATA_LEVELS
    if may_be_deep and _depth(value) > METADATA_LEVELS:
        raise invalid("metadata", f"must nest at most {METADATA_LEVELS} levels")
    if may_hold_nul:
        require_clean(value, "metadata")
    return cast("dict[str, Any]", value), raw.decode()


def _depth(value: Any) -> int:
    """Count the levels, no deeper than one can say too deep."""
    levels, here = 0, [value]
    while here and levels <= METADATA_LEVELS:
        levels += 1
        here = [
            item
            for container in here
            for item in (container.values() if isinstance(container, dict) else container)
            if isinstance(item, dict | list)
        ]
    return levels
