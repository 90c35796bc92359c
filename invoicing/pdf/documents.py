"""From a stored invoice to the document that is printed, and the due row of its rendering."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from billing.kernel import jobs
from billing.kernel.decimals import format_decimal
from billing.kernel.money import Money
from billing.models import Account
from invoicing.models import Invoice, InvoiceDocument, InvoiceLine, InvoiceStatus, LineType
from invoicing.parties import buyer, seller
from invoicing.pdf.document import BankAccount, BreakdownRow, DocumentLine, PartyBlock, TaxRow
from invoicing.pdf.document import InvoiceDocument as Printed
from tenants.models import Tenant

TEMPLATE_VERSION = "3"


def printed(invoice: Invoice) -> Printed:
    """Return what the invoice prints. A draft has the parties of now, a final one its own."""
    tenant = Tenant.objects.select_related("account").get(account_id=invoice.account_id)
    lines = list(invoice.lines.order_by("position"))
    return Printed(
        number=invoice.number,
        status=invoice.status,
        currency=invoice.currency,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        seller=party_block(invoice.seller or seller()),
        buyer=party_block(invoice.buyer or buyer(tenant)),
        lines=tuple(_line(line, invoice) for line in lines if line.type != LineType.TAX),
        tax_rows=tuple(_tax(line, invoice) for line in lines if line.type == LineType.TAX),
        subtotal=_money(invoice, invoice.subtotal_minor),
        discount_total=_money(invoice, invoice.discount_total_minor),
        total=_money(invoice, invoice.total_minor),
        credit_granted=_money(invoice, invoice.credit_granted_minor),
        credits_applied=_money(invoice, invoice.credits_applied_minor),
        amount_paid=_money(invoice, 0),
        amount_due=_money(invoice, invoice.total_minor - invoice.credits_applied_minor),
        notes="\n".join(invoice.notes),
        tax_treatment=invoice.tax_treatment,
        tax_reason=invoice.tax_reason,
        pay_to=_bank(invoice.seller or seller()),
        language=settings.BILLING["INVOICE_LANGUAGE"],
        timezone=invoice.subscription.timezone,
        paper=settings.BILLING["INVOICE_PAPER"],
    )


def _money(invoice: Invoice, minor: int) -> str:
    return Money(minor, invoice.currency).amount


def party_block(block: dict[str, Any]) -> PartyBlock:
    """Return a stored party as it is printed."""
    return PartyBlock(
        name=block["name"],
        address=block["address"],
        tax_id=block["taxId"],
        email=block["email"],
        registration=block.get("registration", ""),
    )


def _bank(block: dict[str, Any]) -> BankAccount | None:
    bank = block.get("bank") or {}
    if not bank.get("iban"):
        return None
    return BankAccount(iban=bank["iban"], bic=bank["bic"], bank=bank["name"])


def _line(line: InvoiceLine, invoice: Invoice) -> DocumentLine:
    return DocumentLine(
        type=line.type,
        description=line.description,
        quantity=format_decimal(line.quantity),
        unit=line.unit,
        unit_price=None if line.unit_price is None else format_decimal(line.unit_price),
        amount=_money(invoice, line.amount_minor),
        period_start=line.period_start,
        period_end=line.period_end,
        discount=_money(invoice, line.discount_minor) if line.discount_minor else None,
        tax_rate=None if line.tax_rate is None else format_decimal(line.tax_rate),
        gross=None if line.gross_minor is None else _money(invoice, line.gross_minor),
        breakdown=tuple(
            BreakdownRow(
                lower=part["from"],
                upper=part["to"],
                quantity=part["quantity"],
                unit_price=part["unitPrice"],
                flat_fee=part["flatFee"],
                amount=part["amount"],
            )
            for part in line.breakdown
        ),
    )


def _tax(line: InvoiceLine, invoice: Invoice) -> TaxRow:
    return TaxRow(
        rate=format_decimal(line.tax_rate) if line.tax_rate is not None else "0",
        taxable=line.breakdown[0]["quantity"],
        amount=_money(invoice, line.amount_minor),
        label=line.description,
    )


def fingerprint(invoice: Invoice) -> str:
    """Return what tells one content of an invoice from another: a final one's never changes.

    A void invoice prints its mark, so it is a content of its own; payments are not printed.
    """
    if invoice.status == InvoiceStatus.DRAFT:
        content = [str(invoice.calculated_at), *_figures(invoice)]
    else:
        content = ["final", str(invoice.status == InvoiceStatus.VOID)]
    paper, language = settings.BILLING["INVOICE_PAPER"], settings.BILLING["INVOICE_LANGUAGE"]
    material = [TEMPLATE_VERSION, paper, language, str(invoice.id), *content]
    if invoice.status != InvoiceStatus.DRAFT:
        material = [str(invoice.id), *content]
    return hashlib.sha256(json.dumps(material).encode()).hexdigest()


def _figures(invoice: Invoice) -> list[str]:
    return [str(invoice.subtotal_minor), str(invoice.total_minor), str(invoice.usage_version)]


def expect_document(invoice: Invoice, *, first: bool = False) -> InvoiceDocument:
    """Return the document of the invoice's content, as a due row where it is not rendered yet.

    Wakes the renderer after the commit, `first` where somebody waits; a lost wake-up is swept by
    beat. On a test clock only who waits has it made. Rendering is due in real
    time, by the database's clock, also where the invoice's own time is a test clock's.
    """
    made, is_new = InvoiceDocument.objects.get_or_create(
        invoice=invoice,
        fingerprint=fingerprint(invoice),
        defaults={"account_id": invoice.account_id, "due_at": Now(), "created_at": Now()},
    )
    if is_new:
        made.refresh_from_db()
        if first or is_made_ahead(invoice.account_id):
            jobs.enqueue("invoicing.render_pdf", document_id=made.pk, first=first)
    return made


def is_made_ahead(account_id: UUID) -> bool:
    """Say whether PDFs are made before somebody asks: on a test clock a year passes in seconds."""
    return Account.objects.filter(pk=account_id, test_clock=None).exists()


def expect_documents(invoices: Sequence[Invoice]) -> None:
    """Write the due rows of many documents at once; the sweep finds them, nobody is woken."""
    InvoiceDocument.objects.bulk_create(
        (
            InvoiceDocument(
                invoice=invoice,
                fingerprint=fingerprint(invoice),
                account_id=invoice.account_id,
                due_at=Now(),
                created_at=Now(),
            )
            for invoice in invoices
        ),
        ignore_conflicts=True,
    )
