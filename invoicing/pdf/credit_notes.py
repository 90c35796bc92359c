"""From a stored credit note to its printed page, and the due row of its rendering."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from billing.kernel import jobs
from billing.kernel.decimals import format_decimal
from billing.kernel.money import Money
from invoicing.models import Invoice, LineType
from invoicing.pdf.document import DocumentLine, InvoiceDocument, TaxRow
from invoicing.pdf.documents import is_made_ahead, party_block
from invoicing.pdf.rendering import claim, due_documents, make_bytes, with_bytes
from invoicing.records import CreditNote, CreditNoteDocument, CreditNoteLine

RENDER = "invoicing.render_credit_note"


def printed_credit_note(note: CreditNote) -> InvoiceDocument:
    """Return what the note prints: the parties are those of its invoice."""
    invoice = Invoice.objects.select_related("subscription").get(pk=note.invoice_id)
    assert invoice.seller is not None, "what is credited was finalized"
    assert invoice.buyer is not None, "what is credited was finalized"
    lines = list(note.lines.select_related("invoice_line").order_by("position"))
    charges = [line for line in lines if line.invoice_line.type != LineType.TAX]
    taxes = [line for line in lines if line.invoice_line.type == LineType.TAX]
    return InvoiceDocument(
        number=note.number,
        refers_to=str(invoice.number),
        status="FINAL",
        currency=note.currency,
        issue_date=note.issue_date,
        due_date=None,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        seller=party_block(invoice.seller),
        buyer=party_block(invoice.buyer),
        lines=tuple(_line(line, note.currency) for line in charges),
        tax_rows=tuple(_tax(line, note.currency) for line in taxes),
        subtotal=_money(note.subtotal_minor, note.currency),
        discount_total=_money(note.discount_total_minor, note.currency),
        total=_money(note.total_minor, note.currency),
        credit_granted=_money(note.credit_granted_minor, note.currency),
        credits_applied=_money(note.due_reduced_minor, note.currency),
        amount_paid=_money(0, note.currency),
        amount_due=_money(0, note.currency),
        notes=note.reason,
        language=settings.BILLING["INVOICE_LANGUAGE"],
        timezone=invoice.subscription.timezone,
        paper=settings.BILLING["INVOICE_PAPER"],
    )


def _money(minor: int, currency: str) -> str:
    return Money(minor, currency).amount


def _line(line: CreditNoteLine, currency: str) -> DocumentLine:
    """Print one piece at what is taken back: the quantity was the invoice's, not the note's."""
    of = line.invoice_line
    amount = _money(line.amount_minor, currency)
    return DocumentLine(
        type=of.type,
        description=of.description,
        quantity="1",
        unit="",
        unit_price=amount,
        amount=amount,
        period_start=of.period_start,
        period_end=of.period_end,
        discount=_money(line.discount_minor, currency) if line.discount_minor else None,
        tax_rate=None if of.tax_rate is None else format_decimal(of.tax_rate),
    )


def _tax(line: CreditNoteLine, currency: str) -> TaxRow:
    of = line.invoice_line
    return TaxRow(
        rate="0" if of.tax_rate is None else format_decimal(of.tax_rate),
        taxable=_money(line.taxable_minor or 0, currency),
        amount=_money(line.amount_minor, currency),
        label=of.description,
    )


def expect_credit_note(note: CreditNote) -> CreditNoteDocument:
    """Write the due row of the note's PDF, and wake the renderer after the commit."""
    made = CreditNoteDocument.objects.create(
        account_id=note.account_id, credit_note=note, due_at=Now(), created_at=Now()
    )
    if is_made_ahead(note.account_id):
        jobs.enqueue(RENDER, document_id=made.pk)
    return made


def render_credit_note(*, document_id: int, now: datetime) -> None:
    """Render one note and keep its bytes. A failure is kept with it and tried again later."""
    if not claim(CreditNoteDocument, document_id, now=now):
        return
    document = CreditNoteDocument.objects.select_related("credit_note").get(pk=document_id)
    note = document.credit_note
    make_bytes(document, printed_credit_note(note), at=note.created_at, now=now)


def render_due_credit_notes(*, now: datetime, limit: int = 50, only_ahead: bool = False) -> bool:
    """Render what is due: the wake-ups that were lost, and what failed before.

    `only_ahead`: what is made before somebody asks. Returns whether there may be more than `limit`.
    """
    due = due_documents(CreditNoteDocument, now=now, limit=limit, only_ahead=only_ahead)
    for document_id in due:
        render_credit_note(document_id=document_id, now=now)
    return len(due) == limit


def pdf_of_credit_note(*, note_id: UUID, wait: float | None = None) -> CreditNoteDocument:
    """Return the note's document with its bytes, waiting for a worker. Raises PdfNotReady."""
    document = CreditNoteDocument.objects.get(credit_note_id=note_id)
    if document.content is None:
        jobs.enqueue(RENDER, document_id=document.pk, first=True)
    return with_bytes(document, wait=wait)
