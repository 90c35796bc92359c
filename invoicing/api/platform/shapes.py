"""Invoices and previews as the API shows them."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import translation
from rest_framework import serializers

from billing.http.fields import IdField, TextField, TimeField, format_timestamp
from billing.kernel.decimals import format_decimal
from billing.kernel.money import Money
from invoicing.composing import Bill
from invoicing.drafting import line_rows
from invoicing.line_ids import line_id
from invoicing.models import Invoice, InvoiceLine, InvoiceStatus, LineType
from invoicing.taxes.notes import tax_note
from invoicing.taxes.treatment import Treatment

GROSS: Final = (
    "Where the plan's prices hold their taxes: the price, which `breakdown` explains; `amount` is "
    "what is left of it without tax."
)
TREATMENT: Final = (
    "STANDARD: by the rates that are configured. The others say why no tax is charged; `notes` has "
    "the sentence that is printed."
)
PART_FIELDS: Final = ("from", "to", "quantity", "unitPrice", "flatFee", "amount")


TREATMENTS: Final = [treatment.value for treatment in Treatment]


class NotesField(serializers.ListField):
    """Sentences that the invoice prints."""

    child = TextField()


class PartSerializer(serializers.Serializer[Any]):
    """An exact part of a line: unrounded decimals."""

    to = TextField()
    quantity = TextField()
    unitPrice = TextField()
    flatFee = TextField()
    amount = TextField()


PartSerializer._declared_fields["from"] = TextField()  # noqa: SLF001  a word of Python


class LineTaxSerializer(serializers.Serializer[Any]):
    """A tax that a line is under, beside others. Rates are in percent."""

    tax = TextField()
    name = TextField()
    rate = TextField()


class LineSerializer(serializers.Serializer[Any]):
    """A line of an invoice or preview. Lines of type DISCOUNT and TAX are not in `subtotal`.

    `id` names the line's place: the same in preview, draft and invoice of a period.
    """

    id = IdField()
    type = serializers.ChoiceField(choices=LineType.values)
    description = TextField()
    metricType = TextField(allow_null=True)
    chargeId = IdField(allow_null=True)
    quantity = TextField()
    unit = TextField(allow_null=True)
    unitPrice = TextField(allow_null=True)
    amount = TextField()
    discountAmount = TextField(allow_null=True)
    taxRate = TextField(allow_null=True, help_text="The sum of the rates in `taxes`, in percent.")
    taxes = LineTaxSerializer(many=True)
    grossAmount = TextField(allow_null=True, help_text=GROSS)
    periodStart = TimeField()
    periodEnd = TimeField()
    breakdown = PartSerializer(many=True)


class PreviewSerializer(serializers.Serializer[Any]):
    """What the open period's invoice would be now."""

    tenantId = IdField()
    subscriptionId = IdField()
    planId = IdField()
    currency = TextField()
    periodStart = TimeField()
    periodEnd = TimeField()
    asOf = TimeField()
    lines = LineSerializer(many=True)
    subtotal = TextField()
    discountTotal = TextField()
    taxTotal = TextField()
    taxTreatment = serializers.ChoiceField(choices=TREATMENTS, help_text=TREATMENT)
    notes = NotesField()
    total = TextField()
    creditGranted = TextField()
    creditsApplied = TextField()
    amountDue = TextField()


class InvoiceSerializer(serializers.Serializer[Any]):
    """An invoice. `creditedTotal` is the sum of its credit notes, `creditedDue` what of it was
    taken off the amount due: amountDue = total − creditsApplied − amountPaid − creditedDue.
    """

    id = IdField()
    invoiceNumber = TextField(allow_null=True)
    tenantId = IdField()
    subscriptionId = IdField()
    status = serializers.ChoiceField(choices=InvoiceStatus.values)
    currency = TextField()
    periodStart = TimeField()
    periodEnd = TimeField()
    issueDate = serializers.DateField(allow_null=True)
    dueDate = serializers.DateField(allow_null=True)
    lines = LineSerializer(many=True)
    subtotal = TextField()
    discountTotal = TextField()
    taxTotal = TextField()
    taxTreatment = serializers.ChoiceField(choices=TREATMENTS, help_text=TREATMENT)
    notes = NotesField()
    total = TextField()
    creditGranted = TextField()
    creditsApplied = TextField()
    amountPaid = TextField()
    creditedTotal = TextField()
    creditedDue = TextField()
    amountDue = TextField()
    stripeInvoiceId = TextField(allow_null=True)
    finalizedAt = TimeField(allow_null=True)
    paidAt = TimeField(allow_null=True)
    voidedAt = TimeField(allow_null=True)
    voidReason = TextField(allow_null=True)
    createdAt = TimeField()


def show_invoice(invoice: Invoice) -> dict[str, Any]:
    """Write an invoice out."""

    def money(minor: int) -> str:
        return Money(minor, invoice.currency).amount

    return {
        "id": str(invoice.id),
        "invoiceNumber": invoice.number,
        "tenantId": str(invoice.account_id),
        "subscriptionId": str(invoice.subscription_id),
        "status": invoice.status,
        "currency": invoice.currency,
        "periodStart": format_timestamp(invoice.period_start),
        "periodEnd": format_timestamp(invoice.period_end),
        "issueDate": invoice.issue_date.isoformat() if invoice.issue_date else None,
        "dueDate": invoice.due_date.isoformat() if invoice.due_date else None,
        "lines": [
            show_line(line, invoice.currency, of=(invoice.period_id, invoice.kind))
            for line in sorted_lines(invoice)
        ],
        "subtotal": money(invoice.subtotal_minor),
        "discountTotal": money(invoice.discount_total_minor),
        "taxTotal": money(invoice.tax_total_minor),
        "taxTreatment": invoice.tax_treatment,
        "notes": notes(invoice.tax_treatment, invoice.tax_reason, invoice.notes),
        "total": money(invoice.total_minor),
        "creditGranted": money(invoice.credit_granted_minor),
        "creditsApplied": money(invoice.credits_applied_minor),
        "amountPaid": money(invoice.amount_paid_minor),
        "creditedTotal": money(invoice.credited_minor),
        "creditedDue": money(invoice.credited_due_minor),
        "amountDue": money(invoice.amount_due_minor),
        "stripeInvoiceId": invoice.stripe_invoice_id or None,
        "finalizedAt": _time(invoice.finalized_at),
        "paidAt": _time(invoice.paid_at),
        "voidedAt": _time(invoice.voided_at),
        "voidReason": invoice.void_reason or None,
        "createdAt": _time(invoice.created_at),
    }


def notes(treatment: str, reason: str, others: list[str]) -> list[str]:
    """Return what is printed below an invoice, in its language: first why there is no tax."""
    with translation.override(settings.BILLING["INVOICE_LANGUAGE"]):
        return [note for note in (tax_note(treatment, reason), *others) if note]


def sorted_lines(invoice: Invoice) -> list[InvoiceLine]:
    return sorted(invoice.lines.all(), key=lambda line: line.position)


def _time(value: Any) -> str | None:
    return None if value is None else format_timestamp(value)


def show_line(line: InvoiceLine, currency: str, *, of: tuple[UUID, str]) -> dict[str, Any]:
    """Write a line out, stored or previewed, `of` the invoice of a period and kind."""
    return {
        "id": str(line_id(*of, line.position)),
        "type": line.type,
        "description": line.description,
        "metricType": line.metric_type or None,
        "chargeId": str(line.charge_id) if line.charge_id else None,
        "quantity": format_decimal(line.quantity),
        "unit": line.unit or None,
        "unitPrice": None if line.unit_price is None else format_decimal(line.unit_price),
        "amount": Money(line.amount_minor, currency).amount,
        "discountAmount": Money(line.discount_minor, currency).amount,
        "taxRate": None if line.tax_rate is None else format_decimal(line.tax_rate),
        "taxes": list(line.taxes),
        "grossAmount": None
        if line.gross_minor is None
        else Money(line.gross_minor, currency).amount,
        "periodStart": format_timestamp(line.period_start),
        "periodEnd": format_timestamp(line.period_end),
        "breakdown": [{name: part[name] for name in PART_FIELDS} for part in line.breakdown],
    }


def show_preview(bill: Bill, *, as_of: str) -> dict[str, Any]:
    """Write a preview out: the same lines that the invoice would store."""
    amounts = bill.calculated
    return {
        "tenantId": str(bill.subscription.account_id),
        "subscriptionId": str(bill.subscription.id),
        "planId": str(bill.subscription.plan_version_id),
        "currency": bill.currency,
        "periodStart": format_timestamp(bill.bounds.start),
        "periodEnd": format_timestamp(bill.bounds.end),
        "asOf": as_of,
        "lines": [
            show_line(row, bill.currency, of=(bill.period.id, bill.kind)) for row in line_rows(bill)
        ],
        "subtotal": amounts.subtotal.amount,
        "discountTotal": amounts.discount_total.amount,
        "taxTotal": amounts.tax_total.amount,
        "taxTreatment": bill.position.treatment.value,
        "notes": notes(bill.position.treatment, bill.position.reason, []),
        "total": amounts.total.amount,
        "creditGranted": amounts.credit_granted.amount,
        "creditsApplied": amounts.credits_total.amount,
        "amountDue": amounts.amount_due.amount,
    }
