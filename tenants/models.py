"""Who consumes: the tenant that shares its account's id."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models import Account
from tenants.cost_centers.models import CostCenter

__all__ = ["CostCenter", "Tenant"]


class Tenant(models.Model):
    """What an invoice prints of the buyer, and the budget that alerts compare with.

    `address` is {line1, line2, city, state, postalCode, country}; country is ISO 3166 alpha-2.
    """

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.PROTECT, related_name="tenant"
    )
    name = models.CharField(max_length=255)
    billing_email = models.CharField(max_length=255, blank=True)
    address = models.JSONField(null=True, blank=True)
    tax_id = models.CharField(max_length=255, blank=True)
    budget_minor = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="tenant_budget_not_negative",
                condition=Q(budget_minor__isnull=True) | Q(budget_minor__gte=0),
            )
        ]
        indexes = [models.Index(fields=["-created_at", "account"], name="tenant_created")]

    def __str__(self) -> str:
        return self.name
