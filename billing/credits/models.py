"""Credit: grants, and a ledger of what became of them. The ledger only grows."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billing.accounts.models import Account
from billing.kernel.ids import uuid7


class CreditGrantQuerySet(models.QuerySet["CreditGrant"]):
    def due(self, now: datetime) -> CreditGrantQuerySet:
        """What has expired by now and still has something left."""
        return self.filter(expires_at__lte=now, remaining_minor__gt=0)


class CreditGrant(models.Model):
    """Money that an account may spend on its invoices, until `expires_at`. Minor units.

    `remaining_minor` is the sum of its entries, kept beside them; a deferred trigger compares the
    two at the commit.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credit_grants")
    amount_minor = models.BigIntegerField()
    remaining_minor = models.BigIntegerField()
    reason = models.CharField(max_length=2000, blank=True)
    invoice_id = models.UUIDField(null=True, blank=True, db_index=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[CreditGrantQuerySet] = CreditGrantQuerySet.as_manager()  # type: ignore[assignment]

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
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(remaining_minor__gt=0, expires_at__isnull=False),
                name="credit_grant_expires",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor}"


class CreditEntry(models.Model):
    """One movement of a grant: positive in, negative out. A trigger refuses to change one."""

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
        indexes = [models.Index(fields=["account", "-at", "-id"], name="credit_entry_account")]
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "invoice_id", "kind"],
                condition=Q(invoice_id__isnull=False),
                name="credit_entry_once_per_invoice",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"
