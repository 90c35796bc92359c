"""`/invoices/{id}/einvoice`: the invoice for machines."""

from __future__ import annotations

import hashlib

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from billing.http.fields import OneOfField
from billing.http.openapi import refusals
from billing.http.permissions import Need
from billing.http.serializers import Input, read_query
from invoicing.api.platform.invoices import IF_NONE_MATCH, InvoiceBase
from invoicing.einvoice.errors import EinvoiceNotPossible
from invoicing.einvoice.writing import Syntax, einvoice


class EinvoiceQuery(Input):
    """Which syntax: `cii` (Factur-X, ZUGFeRD) or `ubl`."""

    format = OneOfField(choices=[syntax.value for syntax in Syntax], default=Syntax.CII.value)


class EinvoiceView(InvoiceBase):
    """The electronic invoice."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="get_einvoice",
        summary="Download an invoice as an electronic invoice",
        description="XML of EN 16931, of a finalized invoice, as it was then: always the same "
        "bytes. The CII form is embedded in the PDF too. 409 where the standard has no words for "
        "it: a draft or void one, more than one tax on a line, a currency of three decimals, "
        "a buyer without a country.",
        tags=["Invoices"],
        parameters=[EinvoiceQuery, IF_NONE_MATCH],
        responses={
            (200, "application/xml"): OpenApiResponse(OpenApiTypes.STR, "The XML document."),
            304: OpenApiResponse(None, "The document that you have is this one."),
            **refusals(EinvoiceNotPossible),
        },
    )
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        _account, found = self.invoice(invoice_id)
        syntax = Syntax(read_query(EinvoiceQuery, request)["format"])
        written = einvoice(found, list(found.lines.all()), syntax=syntax)
        etag = f'"{hashlib.sha256(written).hexdigest()}"'
        if etag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers={"ETag": etag})
        return HttpResponse(
            written,
            content_type="application/xml; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{found.number}.xml"',
                "ETag": etag,
                "Cache-Control": "private, no-cache",
            },
        )
