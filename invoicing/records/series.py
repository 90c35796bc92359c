"""The series that numbers are taken from."""

from __future__ import annotations

from django.db import models

from billing.models import Account


class InvoiceSeries(models.Model):
    """The last number given in a series. Its row lock makes numbers run without a gap."""

    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    prefix = models.CharField(max_length=32)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "invoice series"
        constraints = [
            models.UniqueConstraint(fields=["prefix", "year"], name="invoice_series_once")
        ]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}-{self.last:06d}"
