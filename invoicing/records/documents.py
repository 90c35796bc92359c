"""Printed invoices."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models import Account


class InvoiceDocument(models.Model):
    """The PDF of an invoice: a due row until it is rendered, then the same bytes for ever.

    A draft's is rendered anew with each content; `fingerprint` says of which content it is.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(
        "invoicing.Invoice", on_delete=models.CASCADE, related_name="documents"
    )
    fingerprint = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    failure = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    rendered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "fingerprint"], name="invoice_document_once")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="invoice_document_due"
            )
        ]

    def __str__(self) -> str:
        return f"PDF of {self.invoice_id}"
