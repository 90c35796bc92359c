"""The lines of an electronic invoice: BG-25, keyed by the business terms of EN 16931."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from billing.kernel.decimals import exact, format_decimal
from billing.kernel.money import Money
from invoicing.einvoice.texts import days, xml_text
from invoicing.einvoice.vat import VatCategory
from invoicing.models import Invoice, InvoiceLine

ONE: Final = "C62"
"""A piece, of UN/ECE Recommendation 20: what a unit without a code counts as."""
UNITS: Final = {
    "bytes": "AD",
    "seconds": "SEC",
    "minutes": "MIN",
    "hours": "HUR",
    "days": "DAY",
    "months": "MON",
    "KB": "2P",
    "MB": "4L",
    "GB": "E34",
    "TB": "E35",
    "GiB": "E57",
    "kWh": "KWH",
}
MOST_DECIMALS: Final = 4
DISCOUNT: Final = "95"
"""UNTDID 5189."""


def line_of(invoice: Invoice, line: InvoiceLine, category: VatCategory) -> dict[str, Any]:
    """Write a line down, its discount as an allowance of its own. All values are strings.

    Its net amount is quantity times price less the allowance, exactly or rounded once. A price
    is never negative, so a negative amount is a negative quantity.
    """
    start, end = days(line.period_start, line.period_end, invoice.subscription.timezone)
    off = line.discount_minor
    return {
        "BT-126": str(line.position + 1),
        "BT-131": _money(invoice, line.amount_minor - off),
        "BT-134": start,
        "BT-135": end,
        "BT-151": category.code,
        "BT-152": category.rate,
        "BT-153": xml_text(line.description) or "-",
        **_priced(invoice, line),
        "BG-27": [_off(invoice, off)] if off > 0 else [],
        "BG-28": [_off(invoice, off)] if off < 0 else [],
    }


def _off(invoice: Invoice, off: int) -> dict[str, str]:
    """Write a discount; a correction's negative share of one is a charge."""
    told = {"amount": _money(invoice, abs(off)), "reason": "Discount"}
    return {**told, "reason_code": DISCOUNT} if off > 0 else told


def _priced(invoice: Invoice, line: InvoiceLine) -> dict[str, str]:
    """Return quantity, unit and price: the line's own where they multiply to its amount.

    Tiers, packages, included quantities and prices with more decimals than a reader may expect
    do not: such a line is one piece, and says its quantity in words.
    """
    if multiplies(invoice, line) and line.unit_price is not None:
        return {
            "BT-129": format_decimal(line.quantity),
            "BT-130": UNITS.get(line.unit, ONE),
            "BT-146": format_decimal(line.unit_price),
        }
    quantity = f"{format_decimal(line.quantity)} {xml_text(line.unit)}".strip()
    return {
        "BT-129": "-1" if line.amount_minor < 0 else "1",
        "BT-130": ONE,
        "BT-146": _money(invoice, abs(line.amount_minor)),
        **({} if quantity == "1" else {"BT-154": quantity}),
    }


def multiplies(invoice: Invoice, line: InvoiceLine) -> bool:
    """Say whether the line's quantity times its price, rounded once, is its amount."""
    price = line.unit_price
    if price is None or line.gross_minor is not None or price < 0:
        return False
    if max(_decimals(price), _decimals(line.quantity)) > MOST_DECIMALS:
        return False
    with exact():
        product = line.quantity * price
    return Money.rounded(product, invoice.currency).minor == line.amount_minor


def _decimals(value: Decimal) -> int:
    return len(format_decimal(value).partition(".")[2])


def _money(invoice: Invoice, minor: int) -> str:
    return Money(minor, invoice.currency).amount
