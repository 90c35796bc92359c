"""An invoice to its page, and the page to a PDF.

The page is self-contained HTML. The PDF is made in a process of its own: the time that is
written into a PDF is taken from that process's environment, so one that serves others cannot
set it; and a page that takes too long can be ended there without harm (`renderer`, `worker`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.template.loader import get_template
from django.utils import translation

from invoicing.pdf import formatting, paying, presentation, worker
from invoicing.pdf.columns import columns_for
from invoicing.pdf.errors import PdfFailed, PdfUnavailable
from invoicing.pdf.renderer import RENDERER, Renderer

if TYPE_CHECKING:
    from invoicing.pdf.document import InvoiceDocument

TIMEOUT_SECONDS: Final = 120.0
MAX_HTML_BYTES: Final = 32 * 1024 * 1024


def render_html(document: InvoiceDocument) -> str:
    """Write the invoice as one HTML page with its print style inside.

    In the invoice's language or the nearest that is translated, else in the installation's:
    words, numbers and dates always in the same one.
    """
    language = _translated(document.language)
    with translation.override(language):
        lines = presentation.printed_lines(document)
        with_tax = any(line.tax for line in lines)
        notes = presentation.printed_notes(document)
        context = {
            "document": document,
            "language": language,
            "lines": lines,
            "columns": columns_for(lines, with_tax=with_tax),
            "with_tax": with_tax,
            "column_count": 5 if with_tax else 4,
            "summary": presentation.summary(document),
            "totals": tuple(presentation.printed_totals(document)),
            "notes": notes,
            "notes_below": presentation.are_long(notes),
            "payment": paying.payment_facts(document),
            "terms": paying.payment_terms(document),
            "issued": _day(document, "issue_date"),
            "due": _day(document, "due_date"),
            "period": formatting.day_range(
                document.period_start, document.period_end, document.timezone
            ),
        }
        return get_template("invoicing/invoice.html").render(context)


def _translated(language: str) -> str:
    try:
        return translation.get_supported_language_variant(language)
    except LookupError:
        return settings.LANGUAGE_CODE


def _day(document: InvoiceDocument, field: str) -> str:
    moment = getattr(document, field)
    return "" if moment is None else formatting.day(moment, document.timezone)


def render_pdf(
    html: str,
    *,
    epoch: int,
    einvoice: bytes = b"",
    timeout_seconds: float = TIMEOUT_SECONDS,
    renderer: Renderer = RENDERER,
) -> bytes:
    """Make the PDF of a page of `render_html`.

    The same page and `epoch` (Unix seconds; an invoice's own moment, not the time now) give the
    same bytes on the same machine. Nothing is fetched, from the network or from a file. With an
    `einvoice`, which is XML of Factur-X, it is embedded. Raises PdfUnavailable, PdfTimedOut or
    PdfFailed.
    """
    page = html.replace("\0", "").encode() + (worker.SEPARATOR + einvoice if einvoice else b"")
    if len(page) > MAX_HTML_BYTES:
        raise PdfFailed(f"the page has {len(page)} bytes, more than {MAX_HTML_BYTES}")
    ended = renderer.make(page, epoch=epoch, timeout_seconds=timeout_seconds)
    said = ended.said.decode(errors="replace")[-2_000:].strip()
    if ended.code == worker.EXIT_UNAVAILABLE:
        raise PdfUnavailable(said)
    if ended.code != 0 or not ended.written.startswith(b"%PDF-"):
        raise PdfFailed(said or f"the worker ended with {ended.code}")
    return ended.written


def check_pdf(*, renderer: Renderer = RENDERER) -> None:
    """Raise PdfUnavailable, naming what to install, where this machine can make no PDF."""
    render_pdf("<!doctype html><html lang='en'><title>-</title>", epoch=0, renderer=renderer)
