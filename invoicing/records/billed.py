"""What was charged for usage, by invoice, period and charge."""

from __future__ import annotations

from django.db import models

from billing.models import Account, SubscriptionPeriod


class BilledUsage(models.Model):
    """What a finalized invoice charged, gross, for a charge in a period: the base of adjustments.

    Without a charge it is what the version's minimum commitment added. The sum over all invoices
    that are not void is what was invoiced.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(
        "invoicing.Invoice", on_delete=models.PROTECT, related_name="billed"
    )
    period = models.ForeignKey(SubscriptionPeriod, on_delete=models.PROTECT, related_name="billed")
    plan_version_id = models.UUIDField()
    charge_id = models.UUIDField(null=True, blank=True)
    quantity = models.DecimalField(max_digits=60, decimal_places=12)
    events = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    counter_version = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "billed usage"
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "period", "plan_version_id", "charge_id"],
                nulls_distinct=False,
                name="billed_usage_once",
            )
        ]
        indexes = [models.Index(fields=["period", "charge_id"], name="billed_usage_period")]

    def __str__(self) -> str:
        return f"{self.charge_id} {self.quantity}"
