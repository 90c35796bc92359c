"""Finalized invoices that no database holds, made by the calculation itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.kernel.money import Money
from billing.models import Subscription
from invoicing.calculation import DiscountInput, LineInput, LineType, TaxRateInput, calculate
from invoicing.models import Invoice, InvoiceLine

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
SELLER = {
    "name": "Northwind Metering GmbH",
    "address": "Torstraße 140\n10119 Berlin",
    "taxId": "DE136695976",
    "email": "billing@northwind.example",
    "registration": "HRB 12345",
    "postal": {
        "line1": "Torstraße 140",
        "postalCode": "10119",
        "city": "Berlin",
        "country": "DE",
    },
    "bank": {"name": "Bank", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"},
}
BUYER = {
    "name": "Halcyon SARL",
    "address": "1 rue de Rivoli\n75001 Paris",
    "taxId": "FR61954506077",
    "email": "ap@halcyon.example",
    "postal": {"line1": "1 rue de Rivoli", "postalCode": "75001", "city": "Paris", "country": "FR"},
}


def vat(percent: str, category: str = "STANDARD") -> TaxRateInput:
    return TaxRateInput(category=category, percent=Decimal(percent), tax="VAT")


def made(
    lines: Sequence[LineInput],
    rates: Sequence[TaxRateInput] = (),
    discounts: Sequence[DiscountInput] = (),
    *,
    currency: str = "EUR",
    credits_applied: int = 0,
    **fields: Any,
) -> tuple[Invoice, list[InvoiceLine]]:
    """Calculate an invoice and write it down, as a draft that is finalized would be."""
    found = calculate(currency=currency, lines=lines, discounts=discounts, tax_rates=rates)
    given: dict[str, Any] = {
        "number": "INV-2026-000001",
        "status": "PENDING",
        "currency": currency,
        "period_start": APRIL,
        "period_end": MAY,
        "issue_date": date(2026, 5, 1),
        "due_date": date(2026, 5, 15),
        "subscription": Subscription(timezone="UTC"),
        "seller": SELLER,
        "buyer": BUYER,
        "subtotal_minor": found.subtotal.minor,
        "discount_total_minor": found.discount_total.minor,
        "tax_total_minor": found.tax_total.minor,
        "total_minor": found.total.minor,
        "credit_granted_minor": found.credit_granted.minor,
        "credits_applied_minor": min(credits_applied, found.total.minor),
    }
    return Invoice(**{**given, **fields}), [
        _row(position, line, lines, rates) for position, line in enumerate(found.lines)
    ]


def _row(
    position: int, line: Any, lines: Sequence[LineInput], rates: Sequence[TaxRateInput]
) -> InvoiceLine:
    sold = line.type not in {LineType.TAX, LineType.DISCOUNT}
    own = [rate for rate in rates if sold and rate.category == lines[line.source].tax_category]
    return InvoiceLine(
        position=position,
        type=line.type.value,
        description=f"Line {position}",
        quantity=Decimal(1),
        amount_minor=line.amount.minor,
        discount_minor=line.discount.minor,
        gross_minor=line.gross.minor if line.gross else None,
        tax_rate=line.tax_percent,
        taxes=[
            {"tax": rate.tax, "name": "VAT", "rate": f"{rate.percent.normalize():f}"}
            for rate in own
        ],
        period_start=APRIL,
        period_end=MAY,
    )


def sold(amount: int, currency: str = "EUR", **fields: Any) -> LineInput:
    return LineInput(**{"type": LineType.USAGE, "amount": Money(amount, currency), **fields})
