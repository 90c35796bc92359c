"""Cost centers: a tenant's own tree of those who answer for its usage."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.kernel.ids import uuid7
from billing.models import Account


class CostCenter(models.Model):
    """A part of the tenant that usage is booked to, under a code that the tenant has once.

    Usage stays with its center however the tree is changed. One that is not active still takes
    usage. What staff has made (`is_staffs`) only staff changes.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="cost_centers")
    name = models.CharField(max_length=255)
    code = models.CharField(max_length=255)
    description = models.CharField(max_length=2000, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.DO_NOTHING, related_name="children"
    )
    budget_minor = models.BigIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_staffs = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["account", "code"], name="cost_center_code_once"),
            models.CheckConstraint(
                name="cost_center_budget_not_negative",
                condition=Q(budget_minor__isnull=True) | Q(budget_minor__gte=0),
            ),
            models.CheckConstraint(
                name="cost_center_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.code
