"""Credit notes: issued on an invoice, listed, shown, printed."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import AmountField, IdField, TextField, TimeField, format_timestamp
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need, account_for, reaches
from billing.http.serializers import Input, read, read_query
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import InvalidTransition, NotFound, invalid
from billing.kernel.money import Money
from billing.subscriptions.catch_up import catch_up
from invoicing import crediting, queries
from invoicing.api.platform.invoices import IF_NONE_MATCH, InvoiceBase, send_pdf
from invoicing.errors import CreditAboveInvoice, NothingToCredit, PdfNotReady
from invoicing.line_ids import line_id
from invoicing.models import LineType
from invoicing.pdf.credit_notes import pdf_of_credit_note
from invoicing.records import CreditNote, CreditNoteLine


class PartInput(Input):
    """A line of the invoice; without an amount, all that is left of it."""

    lineId = IdField()
    amount = AmountField(required=False, allow_null=True)


class CreditNoteInput(Input):
    """Either lines, or an amount that includes tax; and why."""

    lines = PartInput(many=True, required=False, allow_null=True, allow_empty=False)
    amount = AmountField(required=False, allow_null=True)
    reason = TextField(most=2000)


class CreditNoteLineSerializer(serializers.Serializer[Any]):
    """What is credited of a line: before discount and tax, and its share of the discounts."""

    lineId = IdField()
    type = serializers.ChoiceField(choices=LineType.values)
    description = TextField()
    amount = TextField()
    discountAmount = TextField()
    taxRate = TextField(allow_null=True)


class CreditNoteSerializer(serializers.Serializer[Any]):
    """A credit note: total = subtotal − discountTotal + taxTotal = amountDueReduced +
    creditGranted.
    """

    id = IdField()
    creditNoteNumber = TextField()
    invoiceId = IdField()
    invoiceNumber = TextField()
    tenantId = IdField()
    currency = TextField()
    issueDate = serializers.DateField()
    reason = TextField()
    lines = CreditNoteLineSerializer(many=True)
    subtotal = TextField()
    discountTotal = TextField()
    taxTotal = TextField()
    total = TextField()
    amountDueReduced = TextField()
    creditGranted = TextField()
    creditId = IdField(allow_null=True)
    createdAt = TimeField()


def show_credit_note(note: CreditNote) -> dict[str, Any]:
    """Write a note out."""

    def money(minor: int) -> str:
        return Money(minor, note.currency).amount

    return {
        "id": str(note.id),
        "creditNoteNumber": note.number,
        "invoiceId": str(note.invoice_id),
        "invoiceNumber": note.invoice.number,
        "tenantId": str(note.account_id),
        "currency": note.currency,
        "issueDate": note.issue_date.isoformat(),
        "reason": note.reason,
        "lines": [
            _line(line, note) for line in sorted(note.lines.all(), key=lambda row: row.position)
        ],
        "subtotal": money(note.subtotal_minor),
        "discountTotal": money(note.discount_total_minor),
        "taxTotal": money(note.tax_total_minor),
        "total": money(note.total_minor),
        "amountDueReduced": money(note.due_reduced_minor),
        "creditGranted": money(note.credit_granted_minor),
        "creditId": str(note.grant_id) if note.grant_id else None,
        "createdAt": format_timestamp(note.created_at),
    }


def _line(line: CreditNoteLine, note: CreditNote) -> dict[str, Any]:
    of = line.invoice_line
    return {
        "lineId": str(line_id(note.invoice.period_id, note.invoice.kind, of.position)),
        "type": of.type,
        "description": of.description,
        "amount": Money(line.amount_minor, note.currency).amount,
        "discountAmount": Money(line.discount_minor, note.currency).amount,
        "taxRate": None if of.tax_rate is None else format_decimal(of.tax_rate),
    }


def show(note: CreditNote) -> dict[str, Any]:
    return show_credit_note(queries.shown_credit_notes().get(pk=note.pk))


SORTS: Final = {"createdAt": "created_at"}
CreditNoteQuery = page_query(SORTS)


class InvoiceCreditNotesView(InvoiceBase):
    """An invoice's credit notes."""

    needs = {"GET": Need.READ, "POST": Need.ADMIN}

    @extend_schema(
        operation_id="issue_credit_note",
        summary="Credit an invoice",
        description="Either `amount`, which includes tax and is spread over all that is left of "
        "the lines by largest remainder, or `lines`: of each an amount before discount and tax "
        "(left out: all that is left), credited with its share of the discounts and its tax. "
        "Never more than is left. It reduces what is due first; what was paid already becomes "
        "credit. An invoice with nothing left to pay is PAID. A credit note never changes.",
        tags=["Invoices"],
        request=CreditNoteInput,
        responses={
            201: CreditNoteSerializer,
            **refusals(InvalidTransition, CreditAboveInvoice, NothingToCredit),
        },
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        account, found = self.invoice(invoice_id)
        given = read(CreditNoteInput, request.data)
        parts = given.get("lines")
        if (parts is None) == (given.get("amount") is None):
            raise invalid("amount", "give either lines or an amount")
        now = clock.now_for(account)
        catch_up(account, now=now)
        return self.answer(
            crediting.issue_credit_note,
            show,
            status=201,
            account_id=account.id,
            invoice_id=found.id,
            amount=given.get("amount"),
            parts=None
            if parts is None
            else [crediting.Part(line=part["lineId"], amount=part.get("amount")) for part in parts],
            reason=given["reason"],
            now=now,
        )

    @extend_schema(
        operation_id="list_credit_notes",
        summary="List an invoice's credit notes",
        description="Newest first.",
        tags=["Invoices"],
        parameters=[CreditNoteQuery],
        responses=listing(CreditNoteSerializer),
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        _account, found = self.invoice(invoice_id)
        query = read_query(CreditNoteQuery, request)
        rows = queries.shown_credit_notes().filter(invoice_id=found.id)
        return page_of(rows, query, SORTS, show_credit_note)


class CreditNoteBase(PlatformView):
    """A path that names a credit note: another tenant's is not there."""

    def note(self, note_id: str) -> CreditNote:
        """Return the note for this caller. Raises NotFound, Forbidden."""
        found = queries.shown_credit_notes().filter(pk=path_id(note_id, "creditNoteId")).first()
        if found is None or not reaches(self.caller, found.account):
            raise NotFound(noun="credit note")
        account_for(self.caller, found.account_id, self.need)
        return found


class CreditNoteView(CreditNoteBase):
    """One note."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="get_credit_note",
        summary="Get a credit note",
        description="Another tenant's is not there (404).",
        tags=["Invoices"],
        responses=CreditNoteSerializer,
    )
    def get(self, request: Request, note_id: str) -> Response:
        return Response(show_credit_note(self.note(note_id)))


class CreditNotePdfView(CreditNoteBase):
    """The printed note."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="get_credit_note_pdf",
        summary="Download a credit note's PDF",
        description="The same bytes every time. A worker renders it: not done within 20 seconds, "
        "it is a 503 with `Retry-After`.",
        tags=["Invoices"],
        parameters=[IF_NONE_MATCH],
        responses={
            (200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, "The document."),
            304: OpenApiResponse(None, "The document that you have is the newest."),
            **refusals(PdfNotReady),
        },
    )
    def get(self, request: Request, note_id: str) -> HttpResponse:
        note = self.note(note_id)
        return send_pdf(request, pdf_of_credit_note(note_id=note.pk), name=note.number)
