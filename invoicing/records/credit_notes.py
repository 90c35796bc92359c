"""Credit notes: what is taken back of a finalized invoice, line by line, for ever."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.kernel.ids import uuid7
from billing.models import Account, CreditGrant


class CreditNote(models.Model):
    """A part of an invoice, or all of it, that is not owed after all. Minor units.

    `total_minor` is `due_reduced_minor` (taken off what was still due) plus
    `credit_granted_minor` (it had been paid already, and became credit). It never changes: a
    trigger refuses it, and another holds that the invoice's `credited_minor` is their sum.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credit_notes")
    invoice = models.ForeignKey(
        "invoicing.Invoice", on_delete=models.PROTECT, related_name="credit_notes"
    )
    number = models.CharField(max_length=64, unique=True)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=2000)
    issue_date = models.DateField()
    subtotal_minor = models.BigIntegerField()
    discount_total_minor = models.BigIntegerField()
    tax_total_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    due_reduced_minor = models.BigIntegerField()
    credit_granted_minor = models.BigIntegerField()
    grant = models.OneToOneField(
        CreditGrant, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="credit_note_amounts",
                condition=Q(
                    total_minor__gt=0,
                    due_reduced_minor__gte=0,
                    credit_granted_minor__gte=0,
                    total_minor=F("due_reduced_minor") + F("credit_granted_minor"),
                )
                & Q(
                    total_minor=F("subtotal_minor")
                    - F("discount_total_minor")
                    + F("tax_total_minor")
                ),
            )
        ]
        indexes = [models.Index(fields=["invoice", "created_at"], name="credit_note_invoice")]

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(models.Model):
    """What is credited of one line of the invoice, its TAX lines too.

    `amount_minor` is before discount and tax, `discount_minor` its share of the discounts. Of a
    TAX line `taxable_minor` is the credited sum under its rate. Lines keep the sign of the
    invoice's; a trigger refuses more than is left of any.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    credit_note = models.ForeignKey(CreditNote, on_delete=models.CASCADE, related_name="lines")
    invoice_line = models.ForeignKey(
        "invoicing.InvoiceLine", on_delete=models.PROTECT, related_name="credited"
    )
    position = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    taxable_minor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["credit_note_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["credit_note", "invoice_line"], name="credit_note_line_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.invoice_line)


class CreditNoteDocument(models.Model):
    """The PDF of a credit note: a due row until it is rendered, then the same bytes for ever."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    credit_note = models.OneToOneField(
        CreditNote, on_delete=models.CASCADE, related_name="document"
    )
    content = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    failure = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    rendered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="credit_note_pdf_due",
            )
        ]

    def __str__(self) -> str:
        return f"PDF of {self.credit_note_id}"
