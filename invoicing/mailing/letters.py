"""The words of a mail: subject, text and page of one template, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.template.loader import render_to_string
from django.utils import translation

from billing.kernel.money import Money
from invoicing.models import Invoice
from invoicing.pdf import formatting
from invoicing.records import MailTemplate

SUBJECT_LENGTH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail's content. The subject is one line."""

    subject: str
    text: str
    html: str


def letter(
    invoice: Invoice,
    *,
    template: str,
    seller: dict[str, str],
    language: str,
    link: str = "",
    now: datetime,
) -> Letter:
    """Write a mail about a finalized invoice as it stands at `now`. Dates and money by locale."""
    with translation.override(language):
        context = {**_context(invoice, seller, language, now=now), "link": link}
        name = MailTemplate(template).value
        subject = render_to_string(f"email/{name}.subject.txt", context)
        return Letter(
            subject=" ".join(subject.split())[:SUBJECT_LENGTH],
            text=render_to_string(f"email/{name}.txt", context).strip() + "\n",
            html=render_to_string(f"email/{name}.html", context),
        )


def _context(
    invoice: Invoice, seller: dict[str, str], language: str, *, now: datetime
) -> dict[str, object]:
    def money(minor: int) -> str:
        return formatting.money(Money(minor, invoice.currency).amount, invoice.currency)

    def day(on: object) -> str:
        return "" if on is None else formatting.day(on, "UTC")  # type: ignore[arg-type]

    due = invoice.due_date
    late = (now.astimezone(UTC).date() - due).days if due else 0
    return {
        "language": language,
        "number": invoice.number,
        "seller": seller,
        "buyer": invoice.buyer or {},
        "due": money(invoice.amount_due_minor),
        "total": money(invoice.total_minor),
        "is_settled": invoice.amount_due_minor == 0,
        "is_part": invoice.amount_due_minor != invoice.total_minor,
        "issue_date": day(invoice.issue_date),
        "due_date": day(due),
        "days_late": max(late, 0),
    }
