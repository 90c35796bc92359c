"""The contract's worked examples, row by row, on the reference calculator."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from tests.reference.calendar_time import boundary, instant_of
from tests.reference.money import minor, shown, spread
from tests.reference.pricing import exact_amount, price
from tests.reference.sums import Grant, Reduction, taken_off, tax_by_rate, use_credits
from tests.reference.terms import Charge, read_charge

T = [
    {"upTo": "1000", "unitPrice": "0.02"},
    {"upTo": "5000", "unitPrice": "0.015", "flatFee": "3.00"},
    {"upTo": None, "unitPrice": "0.01"},
]
STAIRS = [
    {"upTo": "100", "flatFee": "10"},
    {"upTo": "1000", "flatFee": "50"},
    {"upTo": None, "flatFee": "200"},
]
PACKAGE = {
    "model": "PACKAGE",
    "packageSize": "1000",
    "packagePrice": "0.01",
    "includedQuantity": "100000",
}
PERCENTAGE = {"model": "PERCENTAGE", "rate": "1.25", "fixedFee": "0.30"}
GRADUATED_T = {"model": "GRADUATED", "tiers": T}


def charge(fields: dict[str, Any], currency: str = "USD") -> Charge:
    return read_charge({"metricType": "API_CALLS", **fields}, currency)


def per_unit(price_of_one: str, **more: Any) -> dict[str, Any]:
    return {"model": "PER_UNIT", "unitPrice": price_of_one, **more}


@pytest.mark.parametrize(
    ("row", "fields", "quantity", "exact", "line"),
    [
        ("PER_UNIT 0.0035", per_unit("0.0035"), "1001", "3.5035", "3.50"),
        ("PER_UNIT 0.005", per_unit("0.005"), "1", "0.005", "0.01"),
        ("PER_UNIT 0.005, a correction", per_unit("0.005"), "-1", "-0.005", "-0.01"),
        ("PACKAGE 1000 for 0.01", PACKAGE, "100000", "0", "0.00"),
        ("PACKAGE 1000 for 0.01", PACKAGE, "100001", "0.01", "0.01"),
        ("PACKAGE 1000 for 0.01", PACKAGE, "101001", "0.02", "0.02"),
        ("GRADUATED T", GRADUATED_T, "0", "0", "0.00"),
        ("GRADUATED T", GRADUATED_T, "1000", "20", "20.00"),
        ("GRADUATED T", GRADUATED_T, "1000.5", "23.0075", "23.01"),
        ("GRADUATED T", GRADUATED_T, "6000", "93", "93.00"),
        ("VOLUME T", {"model": "VOLUME", "tiers": T}, "1000", "20", "20.00"),
        ("VOLUME T", {"model": "VOLUME", "tiers": T}, "1000.5", "18.0075", "18.01"),
        ("VOLUME T", {"model": "VOLUME", "tiers": T}, "1001", "18.015", "18.02"),
        ("VOLUME T", {"model": "VOLUME", "tiers": T}, "6000", "60", "60.00"),
        ("STAIRCASE", {"model": "STAIRCASE", "tiers": STAIRS}, "0", "10", "10.00"),
        ("STAIRCASE", {"model": "STAIRCASE", "tiers": STAIRS}, "100", "10", "10.00"),
        ("STAIRCASE", {"model": "STAIRCASE", "tiers": STAIRS}, "100.01", "50", "50.00"),
        ("STAIRCASE", {"model": "STAIRCASE", "tiers": STAIRS}, "5000", "200", "200.00"),
    ],
)
def test_one_charge(row: str, fields: Any, quantity: str, exact: str, line: str) -> None:
    terms = charge(fields)

    assert exact_amount(terms, Fraction(quantity), 1) == minor(exact, "USD")
    assert shown(price(terms, Fraction(quantity), 1).usage, "USD") == line


def test_percentage_of_three_events_that_sum_to_240_40() -> None:
    terms = charge(PERCENTAGE)

    assert exact_amount(terms, Fraction("240.40"), 3) == minor("3.905", "USD")
    assert price(terms, Fraction("240.40"), 3).usage == 391


@pytest.mark.parametrize(
    ("row", "fields", "quantity", "line", "minimum"),
    [
        ("GRADUATED T, minimumAmount 25", {**GRADUATED_T, "minimumAmount": "25"}, 1000, 2000, 500),
        ("the rounded line", per_unit("0.0041", minimumAmount="25"), 4879, 2000, 500),
        ("GRADUATED T, maximumAmount 50", {**GRADUATED_T, "maximumAmount": "50"}, 6000, 5000, 0),
    ],
)
def test_minimum_and_maximum(row: str, fields: Any, quantity: int, line: int, minimum: int) -> None:
    priced = price(charge(fields), Fraction(quantity), 1)

    assert (priced.usage, priced.minimum) == (line, minimum)


@pytest.mark.parametrize(
    ("unit_price", "currency", "quantity", "line"),
    [("0.333", "JPY", 100, "33"), ("0.0005", "KWD", 1, "0.001")],
)
def test_other_currencies(unit_price: str, currency: str, quantity: int, line: str) -> None:
    priced = price(charge(per_unit(unit_price), currency), Fraction(quantity), 1)

    assert shown(priced.usage, currency) == line


def berlin(day: int, hour: int, minute: int) -> datetime:
    return instant_of(datetime(2025, 1, day, hour, minute), "Europe/Berlin")  # noqa: DTZ001


@pytest.mark.parametrize(
    ("anchor", "zone", "interval", "expected"),
    [
        (
            berlin(31, 10, 0),
            "Europe/Berlin",
            "MONTH",
            ["2025-01-31T09:00", "2025-02-28T09:00", "2025-03-31T08:00", "2025-04-30T08:00"],
        ),
        (
            berlin(30, 2, 30),
            "Europe/Berlin",
            "MONTH",
            ["2025-01-30T01:30", "2025-02-28T01:30", "2025-03-30T01:30", "2025-04-30T00:30"],
        ),
        (
            datetime(2024, 2, 29, tzinfo=UTC),
            "UTC",
            "YEAR",
            [
                "2024-02-29T00:00",
                "2025-02-28T00:00",
                "2026-02-28T00:00",
                "2027-02-28T00:00",
                "2028-02-29T00:00",
            ],
        ),
    ],
)
def test_periods(anchor: datetime, zone: str, interval: str, expected: list[str]) -> None:
    found = [boundary(anchor, zone, interval, number) for number in range(len(expected))]

    assert [f"{instant:%Y-%m-%dT%H:%M}" for instant in found] == expected


APRIL = datetime(2025, 4, 1, tzinfo=UTC)


def percent(value: int) -> Reduction:
    return Reduction(APRIL, Fraction(value), None, None)


def off(value: int) -> Reduction:
    return Reduction(APRIL, None, value, None)


@pytest.mark.parametrize(
    ("amounts", "reductions", "taken", "shares"),
    [
        (
            [6000, 2501, 1499],
            [percent(10), percent(20), off(500)],
            [1000, 1800, 500],
            [1980, 825, 495],
        ),
        ([3333, 3333, 3334], [percent(10)], [1000], [333, 333, 334]),
        ([800], [off(1200)], [800], [800]),
        ([5], [percent(10)], [1], [1]),
    ],
)
def test_discounts(
    amounts: list[int], reductions: list[Reduction], taken: list[int], shares: list[int]
) -> None:
    found = taken_off(sum(amounts), reductions)

    assert found == taken
    assert spread(sum(found), amounts) == shares


def test_three_lines_of_1_03_at_19_percent() -> None:
    assert tax_by_rate([(103, Fraction(19))] * 3) == {Fraction(19): 59}


def test_two_rates_and_10_percent_off_everything() -> None:
    shares = spread(sum(taken_off(2000, [percent(10)])), [1000, 1000])

    taxed = [(1000 - shares[0], Fraction(19)), (1000 - shares[1], Fraction(7))]

    assert tax_by_rate(taxed) == {Fraction(19): 171, Fraction(7): 63}


def test_credits_are_used_the_soonest_to_expire_first() -> None:
    may, never = Grant(500, datetime(2025, 5, 31, tzinfo=UTC)), Grant(500, None)

    used_up = use_credits(1234, [never, may], datetime(2025, 4, 30, tzinfo=UTC))
    partly = Grant(500, datetime(2025, 5, 31, tzinfo=UTC))
    use_credits(300, [never, partly], datetime(2025, 4, 30, tzinfo=UTC))

    assert used_up == 1000
    assert 1234 - used_up == 234
    assert (may.left, never.left, partly.left) == (0, 0, 200)
