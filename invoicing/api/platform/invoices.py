"""`/invoices` and `/tenants/{id}/invoices`: made, listed, finalized, voided, printed."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.credits.errors import CreditAlreadyUsed
from billing.http.fields import IdField, OneOfField, TextField, TimeField
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need, account_for, reaches
from billing.http.serializers import Input, read_action, read_query
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.errors import AmountOutOfBounds, InvalidTransition, NotFound
from billing.models import Account
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.errors import NoActiveSubscription
from invoicing import queries, services
from invoicing.api.platform.shapes import InvoiceSerializer, show_invoice
from invoicing.errors import (
    InvoiceExists,
    InvoiceHasCreditNotes,
    InvoiceHasPayments,
    NoSuchPeriod,
    PdfNotReady,
)
from invoicing.models import OPEN, Invoice, InvoiceDocument, InvoiceStatus
from invoicing.pdf.rendering import pdf_of
from invoicing.records import CreditNoteDocument


class GenerateInput(Input):
    """Which period; none: the open one."""

    subscriptionId = IdField(required=False, allow_null=True)
    periodStart = TimeField(required=False, allow_null=True)
    periodEnd = TimeField(required=False, allow_null=True)


class VoidInput(Input):
    """Why."""

    reason = TextField(least=0, most=2000, required=False, allow_null=True)


class NoInput(Input):
    """Nothing."""


SORTS: Final = {
    "createdAt": "created_at",
    "issueDate": "issue_date",
    "periodStart": "period_start",
}
InvoiceQuery = page_query(
    SORTS,
    **{
        "status": OneOfField(choices=InvoiceStatus.values, required=False),
        "from": TimeField(required=False),
        "to": TimeField(required=False),
    },
)


IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The `ETag` of what you have."
)


def show(invoice: Invoice) -> dict[str, object]:
    return show_invoice(queries.invoice_of(invoice.id))


class TenantInvoicesView(PlatformView):
    """A tenant's invoices."""

    needs = {"GET": Need.READ, "POST": Need.ADMIN}

    @extend_schema(
        operation_id="generate_invoice",
        summary="Make a draft invoice",
        description="Of the open period as of now, or of a begun period that is named by its "
        "bounds. The parameters are taken from the body or from the query.",
        tags=["Invoices"],
        request=GenerateInput,
        parameters=[GenerateInput],
        responses={
            201: InvoiceSerializer,
            **refusals(
                NoSuchPeriod, NoActiveSubscription, NotFound, InvoiceExists, AmountOutOfBounds
            ),
        },
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        now = clock.now_for(account)
        catch_up(account, now=now)
        given = read_action(GenerateInput, request)
        return self.answer(
            services.generate_invoice,
            show,
            status=201,
            account_id=account.id,
            subscription_id=given.get("subscriptionId"),
            period_start=given.get("periodStart"),
            period_end=given.get("periodEnd"),
            now=now,
        )

    @extend_schema(
        operation_id="list_invoices",
        summary="List a tenant's invoices",
        description="`from` and `to` bound the start of the period: [from, to).",
        tags=["Invoices"],
        parameters=[InvoiceQuery],
        responses=listing(InvoiceSerializer),
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        bring_up_to_date(account)
        query = read_query(InvoiceQuery, request)
        rows = queries.shown().filter(account_id=account.id)
        if "status" in query:
            rows = rows.filter(status=query["status"])
        if "from" in query:
            rows = rows.filter(period_start__gte=query["from"])
        if "to" in query:
            rows = rows.filter(period_start__lt=query["to"])
        return page_of(rows, query, SORTS, show_invoice)


def bring_up_to_date(account: Account) -> None:
    """Let a reader see the drafts of ended periods as they are now."""
    now = clock.now_for(account)
    catch_up(account, now=now)
    for invoice_id in queries.stale_drafts(account.id, now=now):
        services.refresh_draft(account_id=account.id, invoice_id=invoice_id, now=now)


class InvoiceBase(PlatformView):
    """A path that names an invoice: another tenant's is not there."""

    def invoice(self, invoice_id: str) -> tuple[Account, Invoice]:
        """Return the invoice and its account for this caller. Raises NotFound, Forbidden."""
        found = queries.invoice_of(path_id(invoice_id, "invoiceId"))
        if not reaches(self.caller, found.account):
            raise NotFound(noun="invoice")
        return account_for(self.caller, found.account_id, self.need), found


class InvoiceView(InvoiceBase):
    """One invoice."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="get_invoice",
        summary="Get an invoice",
        description="A draft is brought up to date first, and what is due of an open one is done. "
        "Another tenant's is not there (404).",
        tags=["Invoices"],
        responses=InvoiceSerializer,
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        account, found = self.invoice(invoice_id)
        if found.status == InvoiceStatus.DRAFT or found.status in OPEN:
            bring_up_to_date(account)
            found = queries.invoice_of(found.id)
        return Response(show_invoice(found))


class FinalizeView(InvoiceBase):
    """Finalize."""

    needs = {"POST": Need.ADMIN}

    @extend_schema(
        operation_id="finalize_invoice",
        summary="Finalize a draft",
        description="Brings it up to date, then numbers, dates and freezes it; credits are used. "
        "Nothing due: PAID at once.",
        tags=["Invoices"],
        request=None,
        responses={200: InvoiceSerializer, **refusals(InvalidTransition, AmountOutOfBounds)},
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        account, found = self.invoice(invoice_id)
        read_action(NoInput, request)
        return self.answer(
            services.finalize_invoice,
            show,
            account_id=account.id,
            invoice_id=found.id,
            now=clock.now_for(account),
        )


class VoidView(InvoiceBase):
    """Void."""

    needs = {"POST": Need.ADMIN}

    @extend_schema(
        operation_id="void_invoice",
        summary="Void an invoice",
        description="Credits that it used are given back (what of them has expired meanwhile "
        "expires again at once), a grant that it made is taken back: 409 where that is spent "
        "already. One with payments or credit notes: 409. `reason` is taken from the body or "
        "from the query.",
        tags=["Invoices"],
        request=VoidInput,
        parameters=[VoidInput],
        responses={
            200: InvoiceSerializer,
            **refusals(
                InvalidTransition, InvoiceHasPayments, InvoiceHasCreditNotes, CreditAlreadyUsed
            ),
        },
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        account, found = self.invoice(invoice_id)
        given = read_action(VoidInput, request)
        return self.answer(
            services.void_invoice,
            show,
            account_id=account.id,
            invoice_id=found.id,
            reason=given.get("reason") or "",
            now=clock.now_for(account),
        )


class PdfView(InvoiceBase):
    """The printed invoice."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="get_invoice_pdf",
        summary="Download an invoice's PDF",
        description="The same bytes every time once finalized; a draft's is marked DRAFT. A worker "
        "renders it: not done within 20 seconds, it is a 503 with `Retry-After`.",
        tags=["Invoices"],
        parameters=[IF_NONE_MATCH],
        responses={
            (200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, "The document."),
            304: OpenApiResponse(None, "The document that you have is the newest."),
            **refusals(PdfNotReady),
        },
    )
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        account, found = self.invoice(invoice_id)
        if found.status == InvoiceStatus.DRAFT:
            bring_up_to_date(account)
        document = pdf_of(account_id=account.id, invoice_id=found.id, now=clock.now())
        return send_pdf(request, document, name=found.number or f"draft-{found.id}")


def send_pdf(
    request: Request, document: InvoiceDocument | CreditNoteDocument, *, name: str
) -> HttpResponse:
    """Answer with a document's bytes, or that the caller has them already."""
    etag = f'"{document.sha256}"'
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers={"ETag": etag})
    return HttpResponse(
        bytes(document.content or b""),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.pdf"',
            "ETag": etag,
            "Cache-Control": "private, no-cache",
        },
    )
