"""Numbers, money and days in a language: digits are moved, never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from invoicing.pdf import formatting

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("language", "text", "currency", "written"),
    [
        ("en", "1234.50", "USD", "$1,234.50"),
        ("en", "-14.50", "USD", "−$14.50"),
        ("en", "-0.00", "USD", "$0.00"),
        ("en", "1234.500", "KWD", "KWD\xa01,234.500"),
        ("en", "999999999999999", "JPY", "¥999,999,999,999,999"),
        ("de", "1234.50", "EUR", "1.234,50\xa0€"),
        ("de", "-1234.500", "KWD", "−1.234,500\xa0KWD"),
    ],
)
def test_money_is_written_as_the_language_writes_it(
    language: str, text: str, currency: str, written: str
) -> None:
    with translation.override(language):
        assert formatting.money(text, currency) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0.0035", "$0.0035"),
        ("10.005", "$10.005"),
        ("63", "$63.00"),
        ("0.020000000000", "$0.02"),
        ("0.000000000001", "$0.000000000001"),
    ],
)
def test_a_price_keeps_every_digit_that_counts(text: str, written: str) -> None:
    with translation.override("en"):
        assert formatting.money(text, "USD", decimals=2) == written


@pytest.mark.parametrize(
    ("text", "written"), [("1000000", "1,000,000"), ("6000.50", "6,000.5"), ("-0.000", "0")]
)
def test_a_quantity_has_no_idle_zeros(text: str, written: str) -> None:
    with translation.override("en"):
        assert formatting.number(text) == written


@given(st.integers(0, 10**15 - 1), st.integers(0, 10**12 - 1))
def test_no_digit_of_a_quantity_is_lost(whole: int, fraction: int) -> None:
    text = f"{whole}.{fraction:012d}"

    with translation.override("de"):
        written = formatting.number(text)

    back = written.replace(".", "").replace(",", ".")
    assert back == (text.rstrip("0").rstrip("."))


def test_a_percentage_stands_as_the_language_wants_it() -> None:
    with translation.override("en"):
        english = formatting.percent("7.50")
    with translation.override("de"):
        german = formatting.percent("7.50")

    assert (english, german) == ("7.5%", "7,5\xa0%")


def test_a_deduction_is_negative_whatever_the_sign_it_is_kept_with() -> None:
    with translation.override("en"):
        written = {formatting.deduction(text, "USD") for text in ("5.00", "-5.00")}

    assert written == {"−$5.00"}


@pytest.mark.parametrize(
    ("start", "end", "zone", "written"),
    [
        (
            datetime(2026, 4, 1, tzinfo=BERLIN),
            datetime(2026, 5, 1, tzinfo=BERLIN),
            "Europe/Berlin",
            "April 1, 2026 – April 30, 2026",
        ),
        (
            datetime(2026, 3, 31, 22, tzinfo=UTC),
            datetime(2026, 4, 30, 22, tzinfo=UTC),
            "Europe/Berlin",
            "April 1, 2026 – April 30, 2026",
        ),
        (
            datetime(2026, 4, 1, tzinfo=UTC),
            datetime(2026, 4, 2, tzinfo=UTC),
            "UTC",
            "April 1, 2026",
        ),
        (
            datetime(2026, 4, 1, 9, 30, tzinfo=UTC),
            datetime(2026, 4, 1, 12, tzinfo=UTC),
            "UTC",
            "April 1, 2026, 09:30 – 12:00",
        ),
        (
            datetime(2026, 4, 1, 9, 30, tzinfo=UTC),
            datetime(2026, 4, 1, 9, 30, tzinfo=UTC),
            "UTC",
            "April 1, 2026",
        ),
    ],
)
def test_a_period_names_the_days_that_it_touches(
    start: datetime, end: datetime, zone: str, written: str
) -> None:
    with translation.override("en"):
        assert formatting.day_range(start, end, zone) == written


def test_a_moment_is_dated_in_the_zone_and_a_date_as_it_is() -> None:
    late = datetime(2026, 4, 30, 23, tzinfo=UTC)

    with translation.override("en"):
        days = (formatting.day(late, "Asia/Tokyo"), formatting.day(date(2026, 4, 30), "Asia/Tokyo"))

    assert days == ("May 1, 2026", "April 30, 2026")
