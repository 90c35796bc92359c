"""Values of a wrong kind in every field of that kind: a 400 that names the field."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from tests.api.platform.endpoint import Endpoint
from tests.api.platform.endpoints import kinds, with_field
from tests.client import fields_of

pytestmark = pytest.mark.django_db


class Raw(NamedTuple):
    """JSON that Python's own encoder would not write."""

    text: str


def encode(body: Any, raw: Raw) -> bytes:
    return json.dumps(body).replace('"<raw>"', raw.text).encode()


def not_refused(
    refused: Any, endpoint: Endpoint, name: str, values: list[Any]
) -> dict[str, list[str]]:
    """Send every value in this field; return those that were not refused for it alone."""
    found = {}
    for value in values:
        is_raw = isinstance(value, Raw)
        body = with_field(endpoint.body, name, "<raw>" if is_raw else value)
        raw = encode(body, value) if is_raw else None
        found[repr(value)] = fields_of(refused(endpoint, body=body, raw=raw))
    return {value: fields for value, fields in found.items() if fields != [name]}


NOT_DECIMALS = [
    True,
    False,
    [],
    {},
    "",
    " 1",
    "1 ",
    "1\n",
    "+1",
    "1_000",
    "1,000",
    "1.",
    ".5",
    "-",
    "--1",
    "1e3",
    "0x10",
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "١٢",
    "१२",
    "１２",
    "1.５",
    "−1",
    "9" * 60,
    "1234567890123456",
    "0.1234567890123",
    Raw("9" * 60),
    Raw("1e15"),
    Raw("1e-13"),
    Raw("0." + "1" * 13),
]


@pytest.mark.parametrize(("endpoint", "name"), kinds("decimals"))
def test_what_is_no_decimal_is_refused(refused: Any, endpoint: Endpoint, name: str) -> None:
    assert not_refused(refused, endpoint, name, NOT_DECIMALS) == {}


NEGATIVE = ["-0.01", -1, "-999999999999999"]


@pytest.mark.parametrize(("endpoint", "name"), kinds("decimals"))
def test_a_negative_amount_is_refused(refused: Any, endpoint: Endpoint, name: str) -> None:
    assert not_refused(refused, endpoint, name, NEGATIVE) == {}


NOT_TEXTS = [7, 1.5, True, [], {}, "x" * 2001]


@pytest.mark.parametrize(("endpoint", "name"), kinds("texts"))
def test_what_is_no_text_or_too_long_is_refused(
    refused: Any, endpoint: Endpoint, name: str
) -> None:
    assert not_refused(refused, endpoint, name, NOT_TEXTS) == {}


NOT_WHOLES = [True, "7", 1.5, "1_0", [], {}, 2**31, 10**40, -(2**31) - 1]


@pytest.mark.parametrize(("endpoint", "name"), kinds("wholes"))
def test_what_is_no_whole_number_is_refused(refused: Any, endpoint: Endpoint, name: str) -> None:
    assert not_refused(refused, endpoint, name, NOT_WHOLES) == {}


NOT_FLAGS = ["yes", "true", 0, 1, "", [], {}, None]


@pytest.mark.parametrize(("endpoint", "name"), kinds("flags"))
def test_what_is_no_boolean_is_refused(refused: Any, endpoint: Endpoint, name: str) -> None:
    assert not_refused(refused, endpoint, name, NOT_FLAGS) == {}


NOT_TIMES = [
    7,
    True,
    "",
    "now",
    "2026-02-30T00:00:00Z",
    "2026-01-01",
    "2026-01-01T25:00:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00+99:99",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "٢٠٢٦-01-01T00:00:00Z",
    "20260101T000000Z",
    "2026-01-01T00:00:00Z\n",
]


@pytest.mark.parametrize(("endpoint", "name"), kinds("times"))
def test_what_is_no_time_is_refused(refused: Any, endpoint: Endpoint, name: str) -> None:
    assert not_refused(refused, endpoint, name, NOT_TIMES) == {}


NOT_IDS = [
    7,
    "",
    "x",
    "019a2f6e8c1b7a40b2c95f0d7d1e6a11",
    "{019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11}",
    "urn:uuid:019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11",
    "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a1g",
    "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11 ",
]


@pytest.mark.parametrize(("endpoint", "name"), kinds("ids"))
def test_what_is_no_uuid_is_refused(refused: Any, endpoint: Endpoint, name: str) -> None:
    assert not_refused(refused, endpoint, name, NOT_IDS) == {}


NOT_CURRENCIES = ["usd", "US", "USDT", "XXX", "XAU", "", 840, None, [], "ＵＳＤ"]


@pytest.mark.parametrize(("endpoint", "name"), kinds("currencies"))
def test_what_is_no_currency_is_refused(refused: Any, endpoint: Endpoint, name: str) -> None:
    assert not_refused(refused, endpoint, name, NOT_CURRENCIES) == {}
