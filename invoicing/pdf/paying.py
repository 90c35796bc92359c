"""How and until when to pay, as an invoice prints it."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from invoicing.pdf import formatting
from invoicing.pdf.document import InvoiceDocument


def payment_facts(document: InvoiceDocument) -> tuple[tuple[str, str], ...]:
    """Return where to pay to, as (label, text); nothing where there is nothing to pay."""
    account = document.pay_to
    if account is None or not payment_terms(document):
        return ()
    facts = (
        (_("Account holder"), document.seller.name),
        (_("IBAN"), " ".join(_fours(account.iban))),  # a long one breaks between its groups
        (_("BIC"), account.bic),
        (_("Bank"), account.bank),
        (_("Reference"), document.number or ""),
    )
    return tuple((label, text) for label, text in facts if text)


def _fours(iban: str) -> Iterator[str]:
    return (iban[start : start + 4] for start in range(0, len(iban), 4))


def payment_terms(document: InvoiceDocument) -> str:
    """Say until when to pay; nothing where there is nothing to pay."""
    issued, due = document.issue_date, document.due_date
    if document.is_credit_note:
        return ""
    settled = document.is_draft or document.is_void or formatting.is_zero(document.amount_due)
    if settled or issued is None or due is None:
        return ""
    days = (
        formatting.local_date(due, document.timezone)
        - formatting.local_date(issued, document.timezone)
    ).days
    if days <= 0:
        return _("Please pay on receipt.")
    return ngettext(
        "Please pay within %(days)s day of the issue date, by %(date)s.",
        "Please pay within %(days)s days of the issue date, by %(date)s.",
        days,
    ) % {"days": days, "date": formatting.day(due, document.timezone)}
