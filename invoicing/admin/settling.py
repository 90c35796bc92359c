"""What staff do with a finalized invoice: payments, credit notes, writing off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from billing.admin import formatting
from billing.admin.pages import confirm
from billing.kernel import clock
from billing.kernel.errors import invalid
from billing.kernel.money import Money
from invoicing import collecting, crediting
from invoicing.line_ids import line_id
from invoicing.models import OPEN, Invoice, InvoiceStatus, LineType

PAYABLE = (*OPEN, InvoiceStatus.UNCOLLECTIBLE)
CREDITABLE = (*PAYABLE, InvoiceStatus.PAID)


class PaymentForm(forms.Form):
    """What came in, from outside of any provider."""

    amount = forms.CharField(label=_("Amount"), max_length=32)
    reference = forms.CharField(
        label=_("Reference"),
        max_length=255,
        required=False,
        help_text=_("Such as that of the bank transfer. It is taken once per invoice."),
    )
    paid_on = forms.DateField(
        label=_("Paid on (UTC)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Today where it is left out."),
    )


def payment_form(invoice: Invoice) -> type[forms.Form]:
    """Return the form with what is due already filled in."""
    due = Money(invoice.amount_due_minor, invoice.currency).amount

    class Filled(PaymentForm):
        amount = forms.CharField(
            label=gettext("Amount in %(currency)s") % {"currency": invoice.currency},
            max_length=32,
            initial=due,
        )

    return Filled


def pay(invoice: Invoice, given: dict[str, Any]) -> str:
    """Record it; return what to say."""
    now = clock.now_for(invoice.account)
    on = given["paid_on"]
    paid_at = datetime(on.year, on.month, on.day, tzinfo=UTC) if on else None
    made = collecting.record_payment(
        account_id=invoice.account_id,
        invoice_id=invoice.pk,
        amount=given["amount"].strip(),
        reference=given["reference"].strip(),
        paid_at=paid_at,
        now=now,
    )
    due = formatting.money(made.amount_due_minor, made.currency)
    return gettext("The payment is recorded; %(due)s is due now.") % {"due": due}


def credit_form(invoice: Invoice) -> type[forms.Form]:
    """Return a form with a field for each charge, one for a whole amount, and the reason."""
    fields: dict[str, Any] = {
        "amount": forms.CharField(
            label=gettext("Amount in %(currency)s, tax included") % {"currency": invoice.currency},
            max_length=32,
            required=False,
            help_text=gettext("Spread over all lines. Or give amounts of single lines below."),
        )
    }
    charges = invoice.lines.exclude(type__in=(LineType.TAX, LineType.DISCOUNT))
    for line in charges.filter(amount_minor__gt=0).order_by("position"):
        fields[f"line_{line.position}"] = forms.CharField(
            label=line.description[:200],
            max_length=32,
            required=False,
            help_text=gettext("%(amount)s on the invoice, before discount and tax.")
            % {"amount": formatting.money(line.amount_minor, invoice.currency)},
        )
    fields["reason"] = forms.CharField(
        label=gettext("Reason"),
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext("Printed on the credit note."),
    )
    return type("CreditNoteForm", (forms.Form,), fields)


def credit(invoice: Invoice, given: dict[str, Any]) -> str:
    """Issue the note; return what to say. Raises InvalidRequest for both kinds of amounts."""
    amount = given["amount"].strip()
    parts = [
        crediting.Part(line=_line(invoice, name), amount=value.strip())
        for name, value in given.items()
        if name.startswith("line_") and value.strip()
    ]
    if bool(amount) == bool(parts):
        raise invalid("amount", gettext("give either one amount or amounts of lines"))
    note = crediting.issue_credit_note(
        account_id=invoice.account_id,
        invoice_id=invoice.pk,
        amount=amount or None,
        parts=parts or None,
        reason=given["reason"],
        now=clock.now_for(invoice.account),
    )
    total = formatting.money(note.total_minor, note.currency)
    words = {"number": note.number, "total": total}
    return gettext("The credit note %(number)s takes %(total)s back.") % words


def _line(invoice: Invoice, field: str) -> UUID:
    return line_id(invoice.period_id, invoice.kind, int(field.removeprefix("line_")))


def write_off(invoice: Invoice, _given: dict[str, Any]) -> str:
    collecting.mark_uncollectible(
        account_id=invoice.account_id, invoice_id=invoice.pk, now=clock.now_for(invoice.account)
    )
    return gettext("The invoice %(name)s is uncollectible.") % {"name": invoice.number}


def named(invoice: Invoice) -> str:
    return invoice.number or gettext("Draft")


class SettlingActions:
    """The actions on an invoice's page; `may` says whether this one is in a state for it."""

    may: Callable[..., bool]
    found: Callable[..., Any]
    page_url: Callable[..., str]

    def has_pay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, object_id, PAYABLE)

    def has_credit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, object_id, CREDITABLE)

    def has_write_off_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, object_id, OPEN)

    @action(description=_("Record payment"), icon="payments", permissions=["pay"])
    def pay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record what came in from outside."""
        invoice = self.found(request, object_id)
        words = {
            "title": gettext("Record a payment of %(name)s") % {"name": named(invoice)},
            "question": gettext("What came in by bank transfer, cheque or cash."),
            "button": gettext("Record payment"),
            "tone": "primary",
        }
        return confirm(
            self,  # type: ignore[arg-type]
            request,
            words=words,
            back=self.page_url(object_id),
            act=partial(pay, invoice),
            form_class=payment_form(invoice),
        )

    @action(description=_("Credit note"), icon="undo", permissions=["credit"])
    def credit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take back a part of the invoice, or all of it."""
        invoice = self.found(request, object_id)
        words = {
            "title": gettext("Credit %(name)s") % {"name": named(invoice)},
            "question": gettext(
                "It reduces what is due first; what was paid already becomes credit. A credit "
                "note gets its number and never changes."
            ),
            "button": gettext("Issue credit note"),
            "tone": "primary",
        }
        return confirm(
            self,  # type: ignore[arg-type]
            request,
            words=words,
            back=self.page_url(object_id),
            act=partial(credit, invoice),
            form_class=credit_form(invoice),
        )

    @action(description=_("Write off"), icon="money_off", permissions=["write_off"])
    def write_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Mark it uncollectible, after a question."""
        invoice = self.found(request, object_id)
        words = {
            "title": gettext("Write %(name)s off?") % {"name": named(invoice)},
            "question": gettext(
                "It is asked for no more, and no longer holds its subscription overdue. It may "
                "still be paid, credited or voided."
            ),
            "button": gettext("Write off"),
            "tone": "bad",
        }
        back, act = self.page_url(object_id), partial(write_off, invoice)
        return confirm(self, request, words=words, back=back, act=act)  # type: ignore[arg-type]
