"""Decimal strings and moments in the language that is active. Exact: digits are only moved."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import formats, numberformat
from django.utils.translation import gettext, pgettext

MINUS: Final = "\N{MINUS SIGN}"  # a hyphen is swallowed by screen readers, and sits too low
EN_DASH: Final = "\N{EN DASH}"
NBSP: Final = "\N{NO-BREAK SPACE}"
SYMBOLS: Final = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "ILS": "₪",
    "UAH": "₴",
    "VND": "₫",
    "NGN": "₦",
}
"""Signs that mean one currency to nearly everyone. All others are written as their code."""
SHARED_SIGNS: Final = frozenset({"USD", "GBP", "JPY"})
"""Currencies whose sign others use as well: the sum to pay names their code beside it."""


def number(text: str) -> str:
    """Write a quantity: grouped, without trailing zeros after the point."""
    return _signed(text, _grouped(_trimmed(_unsigned(text), decimals=0)))


def money(text: str, currency: str, *, decimals: int | None = None) -> str:
    """Write an amount with its currency.

    With `decimals`, zeros after the point are added or dropped down to that many: for prices
    and exact parts, whose strings have up to 12 digits there. Other digits are never dropped.
    """
    digits = _unsigned(text)
    digits = _grouped(digits if decimals is None else _trimmed(digits, decimals=decimals))
    symbol = SYMBOLS.get(currency)
    if symbol is None:
        pattern = pgettext("amount with a currency's code", "%(currency)s %(amount)s")
    else:
        pattern = pgettext("amount with a currency's sign", "%(currency)s%(amount)s")
    written = pattern % {"currency": symbol or currency, "amount": digits}
    return _signed(text, written.replace(" ", NBSP))


def deduction(text: str, currency: str) -> str:
    """Write an amount that is taken off, whatever the sign that it is kept with."""
    return money(f"-{_unsigned(text)}", currency)


def percent(text: str) -> str:
    return (gettext("%(number)s%%") % {"number": number(text)}).replace(" ", NBSP)


def is_zero(text: str | None) -> bool:
    return text is None or Decimal(text) == 0


def decimals_of(text: str) -> int:
    """Return the digits after the point: of an amount, those of its currency."""
    return len(text.partition(".")[2])


def day(moment: date | datetime, zone: str) -> str:
    """Write the date; of a moment, the one that it has in the zone."""
    return formats.date_format(local_date(moment, zone), "DATE_FORMAT")


def day_range(start: datetime, end: datetime, zone: str) -> str:
    """Write the first and the last day that a half-open period touches.

    A stretch within one day is told with its times, so that two of them can be told apart.
    """
    first = start.astimezone(ZoneInfo(zone))
    after = end.astimezone(ZoneInfo(zone))
    last = max(first, after - timedelta(microseconds=1))
    if first.date() != last.date():
        return span(day(start, zone), day(last, zone))
    if first == after or (_is_midnight(first) and _is_midnight(after)):
        return day(start, zone)
    return f"{day(start, zone)}, {span(_time(first), _time(after))}"


def span(lower: str, upper: str) -> str:
    return f"{lower} {EN_DASH} {upper}"


def local_date(moment: date | datetime, zone: str) -> date:
    """Return the date as it is; of a moment, the one that it has in the zone."""
    if isinstance(moment, datetime):
        return moment.astimezone(ZoneInfo(zone)).date()
    return moment


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def _time(moment: datetime) -> str:
    return formats.time_format(moment.time(), "H:i")


def _unsigned(text: str) -> str:
    return text.removeprefix("-")


def _signed(text: str, written: str) -> str:
    return MINUS + written if text.startswith("-") and not is_zero(text) else written


def _trimmed(digits: str, *, decimals: int) -> str:
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


def _grouped(digits: str) -> str:
    return numberformat.format(
        digits,
        decimal_sep=formats.get_format("DECIMAL_SEPARATOR"),
        grouping=formats.get_format("NUMBER_GROUPING"),
        thousand_sep=formats.get_format("THOUSAND_SEPARATOR"),
        force_grouping=True,
        use_l10n=True,
    )
