"""An invoice in the business terms of EN 16931. Nothing is computed anew but sums of lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from billing.kernel.currencies import MINOR_DIGITS
from billing.kernel.money import Money
from invoicing.einvoice.errors import EinvoiceNotPossible
from invoicing.einvoice.lines import line_of
from invoicing.einvoice.parties import buyer_of, codes, contact_of, seller_of
from invoicing.einvoice.texts import days, xml_text
from invoicing.einvoice.vat import VatCategory, categories, tax_of
from invoicing.models import Invoice, InvoiceLine, InvoiceStatus, LineType
from invoicing.taxes.notes import tax_note

COMMERCIAL_INVOICE: Final = "380"
CREDIT_TRANSFER: Final = "30"
SEPA_CREDIT_TRANSFER: Final = "58"
NO_SALE: Final = frozenset({LineType.DISCOUNT, LineType.TAX})


def content_of(invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[str, Any]:
    """Return the finalized invoice by business term, as factur-x takes it.

    As it was when it was finalized: credits are what is paid in advance, payments that came
    later are not told. Raises EinvoiceNotPossible where the standard has no words for it.
    """
    _check(invoice)
    sold = [
        line for line in sorted(lines, key=lambda line: line.position) if line.type not in NO_SALE
    ]
    if not sold:
        raise EinvoiceNotPossible(reason="it has no lines")
    taxed = categories(invoice, sold)
    first, last = days(invoice.period_start, invoice.period_end, invoice.subscription.timezone)
    note = xml_text(tax_note(invoice.tax_treatment, invoice.tax_reason))
    notes = [text for text in (note, *map(xml_text, invoice.notes)) if text]
    seller = invoice.seller or {}
    return {
        "BT-1": invoice.number,
        "BT-2": invoice.issue_date,
        "BT-3": COMMERCIAL_INVOICE,
        "BT-5": invoice.currency,
        "BT-9": invoice.due_date,
        "BT-72": last,  # a service that goes on is supplied when its period ends
        "BT-73": first,
        "BT-74": last,
        "BG-1": [{"BT-22": text} for text in notes],
        "BG-4": {**seller_of(seller, codes(taxed)), "contacts": [contact_of(seller)]},
        "BG-7": buyer_of(invoice.buyer or {}, codes(taxed)),
        **_payment(invoice, seller),
        "BG-23": _vat_breakdown(invoice, sold, taxed, lines),
        "BG-25": [
            line_of(invoice, line, category) for line, category in zip(sold, taxed, strict=True)
        ],
        **_totals(invoice, sold),
    }


def _check(invoice: Invoice) -> None:
    if invoice.status == InvoiceStatus.DRAFT:
        raise EinvoiceNotPossible(reason="it is a draft")
    if invoice.status == InvoiceStatus.VOID:
        raise EinvoiceNotPossible(reason="it is void")
    if MINOR_DIGITS[invoice.currency] > 2:
        raise EinvoiceNotPossible(
            reason=f"amounts in {invoice.currency} have more than two decimals"
        )


def _payment(invoice: Invoice, seller: dict[str, Any]) -> dict[str, Any]:
    bank = seller.get("bank") or {}
    if not bank.get("iban"):
        return {}
    is_sepa = invoice.currency == "EUR"
    return {
        "BT-81": SEPA_CREDIT_TRANSFER if is_sepa else CREDIT_TRANSFER,
        "BT-83": invoice.number,
        "BT-84": bank["iban"],
        "BT-85": xml_text(seller["name"]) or "-",
        "BT-86": bank.get("bic") or None,
    }


def _vat_breakdown(
    invoice: Invoice,
    sold: list[InvoiceLine],
    taxed: list[VatCategory],
    lines: Sequence[InvoiceLine],
) -> list[dict[str, Any]]:
    taxes = [line for line in lines if line.type == LineType.TAX]
    sums: dict[VatCategory, int] = {}
    for line, category in zip(sold, taxed, strict=True):
        sums[category] = sums.get(category, 0) + line.amount_minor - line.discount_minor
    return [
        {
            "BT-116": _money(invoice, base),
            "BT-117": _money(invoice, tax_of(category, taxes)),
            "BT-118": category.code,
            "BT-119": category.rate,
            "BT-120": xml_text(category.reason) or None,
            "BT-121": category.reason_code or None,
        }
        for category, base in sums.items()
    ]


def _totals(invoice: Invoice, sold: list[InvoiceLine]) -> dict[str, str | None]:
    """Sum up. A total below zero became credit: that it was paid out in advance says so."""
    net = sum(line.amount_minor - line.discount_minor for line in sold)
    gross = net + invoice.tax_total_minor
    due = invoice.total_minor - invoice.credits_applied_minor
    return {
        "BT-106": _money(invoice, net),
        "BT-109": _money(invoice, net),
        "BT-110": _money(invoice, invoice.tax_total_minor),
        "BT-112": _money(invoice, gross),
        "BT-113": _money(invoice, gross - due) if gross != due else None,
        "BT-115": _money(invoice, due),
    }


def _money(invoice: Invoice, minor: int) -> str:
    return Money(minor, invoice.currency).amount
