"""Invoices to print. Each test names only what it is about."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

from pypdf import PdfReader

from invoicing.pdf.document import (
    BreakdownRow,
    DocumentLine,
    InvoiceDocument,
    PartyBlock,
    TaxRow,
)

EPOCH = 1_777_593_600
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
TIERS = (
    BreakdownRow(
        lower="0", upper="1000", quantity="1000", unit_price="0.02", flat_fee="0", amount="20"
    ),
    BreakdownRow(
        lower="1000",
        upper="5000",
        quantity="4000",
        unit_price="0.015",
        flat_fee="3.00",
        amount="63",
    ),
    BreakdownRow(
        lower="5000",
        upper=None,
        quantity="1000.5",
        unit_price="0.01",
        flat_fee=None,
        amount="10.005",
    ),
)


def line(description: str = "API calls", **changes: Any) -> DocumentLine:
    values: dict[str, Any] = {
        "type": "USAGE",
        "description": description,
        "quantity": "1001",
        "unit": "count",
        "unit_price": "0.0035",
        "amount": "3.50",
        "period_start": APRIL,
        "period_end": MAY,
    }
    return DocumentLine(**(values | changes))


def tiered(description: str = "Storage") -> DocumentLine:
    return line(description, quantity="6000.5", unit_price=None, amount="93.01", breakdown=TIERS)


def invoice(**changes: Any) -> InvoiceDocument:
    values: dict[str, Any] = {
        "number": "INV-2026-000042",
        "status": "PENDING",
        "currency": "USD",
        "issue_date": date(2026, 5, 1),
        "due_date": date(2026, 5, 15),
        "period_start": APRIL,
        "period_end": MAY,
        "seller": PartyBlock(
            name="Northwind Metering GmbH",
            address="Torstrasse 140\n10119 Berlin",
            tax_id="DE301456789",
            email="billing@northwind.example",
        ),
        "buyer": PartyBlock(name="Halcyon Robotics Ltd.", address="21 Finsbury Square\nLondon"),
        "lines": (line(),),
        "subtotal": "3.50",
        "discount_total": "0.00",
        "tax_rows": (),
        "total": "3.50",
        "credit_granted": "0.00",
        "credits_applied": "0.00",
        "amount_paid": "0.00",
        "amount_due": "3.50",
    }
    return InvoiceDocument(**(values | changes))


def full_invoice(**changes: Any) -> InvoiceDocument:
    """One of each: a fee of the next period, tiers, discounts, two taxes, credits, a payment."""
    values: dict[str, Any] = {
        "lines": (
            line(
                "Pro plan",
                type="PLAN",
                quantity="1",
                unit_price="1234.50",
                amount="1234.50",
                tax_rate="19",
                discount="123.45",
                period_start=MAY,
                period_end=JUNE,
            ),
            *(tiered(),),
            line("Unused time", type="PRORATION", quantity="1", unit_price=None, amount="-14.50"),
            line("Ten percent off", type="DISCOUNT", quantity="1", amount="-131.30"),
            line("Tax", type="TAX", quantity="1", amount="224.19"),
        ),
        "subtotal": "1313.01",
        "discount_total": "131.30",
        "tax_rows": (
            TaxRow(rate="19", taxable="1111.05", amount="211.10"),
            TaxRow(rate="7.5", taxable="70.66", amount="5.30"),
        ),
        "total": "1398.11",
        "credits_applied": "25.00",
        "amount_paid": "73.11",
        "amount_due": "1300.00",
        "notes": "Please quote the invoice number.",
    }
    return invoice(**(values | changes))


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def page_texts(pdf: bytes) -> list[str]:
    """Return each page's text, with plain spaces and one space where there are more."""
    return [" ".join(page.extract_text().split()) for page in read(pdf).pages]
