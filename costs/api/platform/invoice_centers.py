"""`/invoices/{id}/cost-centers`: who owes what of an invoice, as JSON and as CSV."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import IdField, TextField
from billing.http.openapi import refusals
from billing.http.permissions import Need, account_for, reaches
from billing.http.views import PlatformView, path_id
from billing.kernel.errors import NotFound
from costs.invoices import InvoiceCenters, as_csv, invoice_centers
from invoicing import queries

TAGS: Final = ["Cost centers"]
SAYS: Final = (
    "The invoice's USAGE and MINIMUM lines, before discounts and taxes, shared by what each cost "
    "center used in its period and by the allocation rules that held: the spends and "
    "`unallocated` sum to usageCost exactly."
)


class CenterShareOutput(serializers.Serializer[Any]):
    """A cost center's part of the invoice. `spend` is direct, and received, less given away."""

    id = IdField()
    code = TextField()
    name = TextField()
    parentId = IdField(allow_null=True)
    direct = TextField(help_text="What it used itself.")
    received = TextField(help_text="What allocation rules brought.")
    given = TextField(help_text="What allocation rules took.")
    spend = TextField()
    subtreeSpend = TextField()


class InvoiceCentersOutput(serializers.Serializer[Any]):
    """Who owes what of an invoice. `usageCost` and `other` sum to its lines."""

    invoiceId = IdField()
    invoiceNumber = TextField(allow_null=True)
    tenantId = IdField()
    currency = TextField()
    costCenters = CenterShareOutput(many=True)
    unallocated = TextField()
    usageCost = TextField()
    other = TextField(help_text="Fees, adjustments, discounts and taxes.")


def show(found: InvoiceCenters) -> dict[str, Any]:
    invoice, parts = found.invoice, found.found
    return {
        "invoiceId": str(invoice.id),
        "invoiceNumber": invoice.number,
        "tenantId": str(invoice.account_id),
        "currency": invoice.currency,
        "costCenters": [
            {
                "id": str(center.id),
                "code": center.code,
                "name": center.name,
                "parentId": None if center.parent_id is None else str(center.parent_id),
                "direct": parts.direct[center.id].amount,
                "received": parts.received[center.id].amount,
                "given": parts.given[center.id].amount,
                "spend": found.spends[center.id].amount,
                "subtreeSpend": found.subtree[center.id].amount,
            }
            for center in found.centers
        ],
        "unallocated": parts.unallocated.amount,
        "usageCost": found.usage.amount,
        "other": found.other.amount,
    }


class InvoiceCentersView(PlatformView):
    """As JSON."""

    needs = {"GET": Need.READ}

    def found(self, invoice_id: str) -> InvoiceCenters:
        invoice = queries.invoice_of(path_id(invoice_id, "invoiceId"))
        if not reaches(self.caller, invoice.account):
            raise NotFound(noun="invoice")
        account_for(self.caller, invoice.account_id, self.need)
        return invoice_centers(invoice)

    @extend_schema(
        operation_id="get_invoice_cost_centers",
        summary="Get an invoice's cost centers",
        description=SAYS,
        tags=TAGS,
        responses={200: InvoiceCentersOutput, **refusals(NotFound)},
    )
    def get(self, request: Request, invoice_id: str) -> Any:
        return Response(show(self.found(invoice_id)))


class InvoiceCentersCsvView(InvoiceCentersView):
    """As CSV."""

    @extend_schema(
        operation_id="get_invoice_cost_centers_csv",
        summary="Download an invoice's cost centers",
        description=f"{SAYS} As CSV (RFC 4180, UTF-8), one row a cost center, then what is "
        "unallocated and what else is on the invoice.",
        tags=TAGS,
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "The table."),
            **refusals(NotFound),
        },
    )
    def get(self, request: Request, invoice_id: str) -> Any:
        found = self.found(invoice_id)
        name = found.invoice.number or f"draft-{found.invoice.id}"
        return HttpResponse(
            as_csv(found),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{name}-cost-centers.csv"',
                "Cache-Control": "private, no-cache",
            },
        )
