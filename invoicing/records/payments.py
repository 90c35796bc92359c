"""Payments that were made outside of any provider: a bank transfer, a cheque, cash."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
from billing.models import Account


class Payment(models.Model):
    """Money that came in for an invoice. Minor units of the invoice's currency.

    A trigger refuses to change or delete one, and another holds that the invoice's
    `amount_paid_minor` is their sum. `paid_at` is when the money came, `created_at` when we were
    told, both by the account's clock.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="payments")
    invoice = models.ForeignKey(
        "invoicing.Invoice", on_delete=models.PROTECT, related_name="payments"
    )
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    reference = models.CharField(max_length=255, blank=True)
    paid_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="payment_above_zero", condition=Q(amount_minor__gt=0)),
            models.UniqueConstraint(
                fields=["invoice", "reference"],
                condition=~Q(reference=""),
                name="payment_reference_once",
            ),
        ]
        indexes = [models.Index(fields=["invoice", "paid_at"], name="payment_invoice")]

    def __str__(self) -> str:
        return self.reference or str(self.id)
