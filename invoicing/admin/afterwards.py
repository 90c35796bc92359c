"""What happened to an invoice after it was final, as panels below its sheet."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.admin import formatting
from billing.admin.panels import Panel
from invoicing import dunning, mailing
from invoicing.admin.collection import ACTIONS
from invoicing.models import Invoice
from invoicing.records import DunningAction

NOTES = {
    mailing.WRITTEN: _("Written"),
    mailing.NO_ADDRESS: _("No billing address"),
    dunning.LATER_ONE_DUE: _("Left out: a later one was due too"),
}


def panels_of(invoice: Invoice) -> list[Panel]:
    """Return the panels that have something to show."""
    found = (_payments(invoice), _credit_notes(invoice), _dunning(invoice), _mails(invoice))
    return [panel for panel in found if panel.rows]


def _payments(invoice: Invoice) -> Panel:
    rows: list[list[Any]] = [
        [
            formatting.moment(payment.paid_at),
            payment.reference or formatting.NONE,
            formatting.money(payment.amount_minor, payment.currency),
        ]
        for payment in invoice.payments.order_by("paid_at", "id")
    ]
    return Panel(
        title=_("Payments"),
        headers=[_("Paid"), _("Reference"), _("Amount")],
        rows=rows,
        right=frozenset({2}),
    )


def _credit_notes(invoice: Invoice) -> Panel:
    rows: list[list[Any]] = [
        [
            formatting.link("invoicing_creditnote_change", note.number, note.pk),
            formatting.day(note.issue_date),
            note.reason,
            formatting.money(note.total_minor, note.currency),
        ]
        for note in invoice.credit_notes.order_by("created_at", "id")
    ]
    return Panel(
        title=_("Credit notes"),
        headers=[_("Number"), _("Issued"), _("Reason"), _("Total")],
        rows=rows,
        right=frozenset({3}),
    )


def _dunning(invoice: Invoice) -> Panel:
    rows: list[list[Any]] = [
        [
            formatting.moment(entry.at),
            ACTIONS[DunningAction(entry.action)],
            NOTES.get(entry.note, formatting.NONE),
        ]
        for entry in invoice.dunning_entries.order_by("due_at", "id")
    ]
    row = getattr(invoice, "dunning", None)
    if row is not None and row.due_at is not None:
        rows.append([formatting.moment(row.due_at), _("Next step"), formatting.NONE])
    return Panel(title=_("Dunning"), headers=[_("When"), _("Step"), _("Mail")], rows=rows)


def _mails(invoice: Invoice) -> Panel:
    rows: list[list[Any]] = [
        [
            formatting.link("invoicing_mail_change", mail.subject, mail.pk),
            mail.recipient,
            formatting.status_label(mail.status),
        ]
        for mail in invoice.mails.order_by("created_at", "id")
    ]
    headers = [_("Subject"), _("To"), _("Status")]
    return Panel(title=_("Mails"), headers=headers, rows=rows, is_wide=True)
