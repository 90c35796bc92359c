"""Documents in the browser."""

from __future__ import annotations

from django.http import HttpResponse

from invoicing.models import InvoiceDocument
from invoicing.records import CreditNoteDocument


def show_pdf(made: InvoiceDocument | CreditNoteDocument, *, name: str) -> HttpResponse:
    """Show a rendered document in the browser, under a name to keep it by."""
    return HttpResponse(
        bytes(made.content or b""),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{name}.pdf"',
            "Cache-Control": "private, no-cache",
        },
    )
