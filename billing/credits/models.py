"""Credit: grants, and a ledger of what became of them. The ledger only grows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.accounts.models import Account
from billing.kernel.ids import uuid7


class CreditGrant(models.Model):
    """Money that an account may spend on its invoices, until `expires_at`. Minor units.

    `remaining_minor` is the sum of its entries, kept beside them so that it can be checked.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credit_grants")
    amount_minor = models.BigIntegerField()
    remaining_minor = models.BigIntegerField()
    reason = models.CharField(max_length=2000, blank=True)
    invoice_id = models.UUIDField(null=True, blank=True, db_index=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="credit_grant_bounds",
                condition=Q(amount_minor__gt=0)
                & Q(remaining_minor__gte=0)
                & Q(remaining_minor__lte=F("amount_minor")),
            )
        ]
        indexes = [
            models.Index(
                fields=["account", "expires_at"],
                condition=Q(remaining_minor__gt=0),
                name="credit_grant_spendable",
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor}"


class CreditEntry(models.Model):
    """One movement of a grant: positive in, negative out."""

    class Kind(models.TextChoices):
        GRANT = "GRANT"
        USE = "USE"
        RETURN = "RETURN"
        EXPIRY = "EXPIRY"
        REVOKE = "REVOKE"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credit_entries")
    grant = models.ForeignKey(CreditGrant, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount_minor = models.BigIntegerField()
    invoice_id = models.UUIDField(null=True, blank=True, db_index=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "credit entries"
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "invoice_id", "kind"],
                condition=Q(invoice_id__isnull=False),
                name="credit_entry_once_per_invoice",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"
