"""Rendering what is due: outside of any transaction, the first write wins."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import structlog

from billing.kernel import jobs
from billing.kernel.errors import NotFound
from billing.kernel.services import service
from billing.models import Account
from invoicing import queries
from invoicing.einvoice.errors import EinvoiceNotPossible
from invoicing.einvoice.writing import Syntax, einvoice
from invoicing.errors import PdfNotReady
from invoicing.models import Invoice, InvoiceDocument, InvoiceStatus
from invoicing.pdf.document import InvoiceDocument as Printed
from invoicing.pdf.documents import expect_document, fingerprint, printed
from invoicing.pdf.errors import PdfError
from invoicing.pdf.render import render_html, render_pdf
from invoicing.records import CreditNoteDocument

log = structlog.get_logger(__name__)

WAIT_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.1
ATTEMPT_LIMIT: Final = 20
CLAIM: Final = timedelta(seconds=90)


Document = InvoiceDocument | CreditNoteDocument
D = TypeVar("D", InvoiceDocument, CreditNoteDocument)


def claim(kind: type[Document], document_id: int, *, now: datetime) -> bool:
    """Take a due document for this renderer for as long as a rendering may last."""
    return bool(
        kind.objects.filter(
            pk=document_id, content__isnull=True, due_at__lte=now, attempts__lt=ATTEMPT_LIMIT
        ).update(due_at=now + CLAIM)
    )


def render_document(*, document_id: int, now: datetime) -> None:
    """Render one document and keep its bytes. A failure is kept with it and tried again later."""
    if not claim(InvoiceDocument, document_id, now=now):
        return
    document = InvoiceDocument.objects.get(pk=document_id)
    invoice = queries.invoice_of(document.invoice_id)
    if fingerprint(invoice) != document.fingerprint:  # a draft that has moved on meanwhile
        document.delete()
        return
    moment = invoice.finalized_at or invoice.calculated_at
    make_bytes(document, printed(invoice), xml=lambda: embedded(invoice), at=moment, now=now)


def make_bytes(
    document: Document,
    page: Printed,
    *,
    xml: Callable[[], bytes] = bytes,
    at: datetime,
    now: datetime,
) -> None:
    """Render a claimed document and keep its bytes; the first write wins.

    `at` goes into it, and what `xml` makes: an electronic invoice, or nothing.
    """
    rows = type(document).objects.filter(pk=document.pk)
    try:
        content = render_pdf(render_html(page), epoch=int(at.timestamp()), einvoice=xml())
    except PdfError as error:
        _failed(document, str(error), now=now)
        return
    rows.filter(content__isnull=True).update(
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        due_at=None,
        rendered_at=now,
        failure="",
    )


def embedded(invoice: Invoice) -> bytes:
    """Return the electronic invoice that the PDF carries; nothing where it has none."""
    try:
        return einvoice(invoice, list(invoice.lines.all()), syntax=Syntax.CII)
    except EinvoiceNotPossible:
        return b""


def _failed(document: Document, why: str, *, now: datetime) -> None:
    attempts = document.attempts + 1
    log.error("pdf_failed", document=str(document), attempt=attempts, reason=why)
    type(document).objects.filter(pk=document.pk).update(
        attempts=attempts, failure=why, due_at=now + timedelta(seconds=min(30 * attempts, 3600))
    )


def render_due(*, now: datetime, limit: int = 50, only_ahead: bool = False) -> bool:
    """Render what is due: the wake-ups that were lost, and what failed before.

    `only_ahead`: what is made before somebody asks. Returns whether there may be more than `limit`.
    """
    due = due_documents(InvoiceDocument, now=now, limit=limit, only_ahead=only_ahead)
    for document_id in due:
        render_document(document_id=document_id, now=now)
    return len(due) == limit


def due_documents(
    kind: type[Document], *, now: datetime, limit: int, only_ahead: bool
) -> list[int]:
    """Return what is to be rendered by now, the longest overdue first."""
    due = kind.objects.filter(due_at__lte=now, content__isnull=True, attempts__lt=ATTEMPT_LIMIT)
    if only_ahead:
        due = due.filter(account__test_clock=None)
    return list(due.order_by("due_at").values_list("pk", flat=True)[:limit])


@service
def ask_for(*, account_id: UUID, invoice_id: UUID, now: datetime) -> InvoiceDocument:
    """Make sure that the invoice's document is rendered or due, and next. `now` is real time.

    Of an account that is closed the drafts are gone; what was printed stays. Raises NotFound.
    """
    account = Account.objects.lock(account_id, even_closed=True)
    invoice = queries.invoice_of(invoice_id)
    if account.closed_at is not None and invoice.number is None:
        raise NotFound(noun="invoice")
    document = expect_document(invoice, first=True)
    if document.content is None and document.due_at is not None and document.due_at <= now:
        jobs.enqueue("invoicing.render_pdf", document_id=document.pk, first=True)
    if invoice.status == InvoiceStatus.DRAFT:
        InvoiceDocument.objects.filter(invoice=invoice).exclude(pk=document.pk).delete()
    return document


def pdf_of(
    *,
    account_id: UUID,
    invoice_id: UUID,
    now: datetime,
    wait: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> InvoiceDocument:
    """Return the document with its bytes, waiting up to `wait` seconds for a worker to render it.

    The wait is WAIT_SECONDS where none is given. Raises PdfNotReady.
    """
    document = ask_for(account_id=account_id, invoice_id=invoice_id, now=now)
    return with_bytes(document, wait=wait, sleep=sleep)


def with_bytes(
    document: D, *, wait: float | None = None, sleep: Callable[[float], None] = time.sleep
) -> D:
    """Return the document once a worker has rendered it. Raises PdfNotReady."""
    deadline = time.monotonic() + (WAIT_SECONDS if wait is None else wait)
    while document.content is None:
        if time.monotonic() >= deadline:
            raise PdfNotReady(retry_after=5)
        sleep(POLL_SECONDS)
        found = type(document)._default_manager.filter(pk=document.pk).first()  # noqa: SLF001
        if found is None:
            raise PdfNotReady(retry_after=1)
        document = found
    return document
