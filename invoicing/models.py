"""What is owed: invoices, their lines, numbers, tax rates and printed documents."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
from billing.kernel.states import StateMachine, Transitions
from billing.models import Account, FeeItem, Subscription, SubscriptionPeriod


class InvoiceStatus(models.TextChoices):
    DRAFT = "DRAFT"
    PENDING = "PENDING"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    VOID = "VOID"
    UNCOLLECTIBLE = "UNCOLLECTIBLE"


S = InvoiceStatus
TRANSITIONS: Final[Transitions] = {
    S.DRAFT: frozenset({S.PENDING, S.PAID, S.VOID}),
    S.PENDING: frozenset({S.PARTIALLY_PAID, S.PAID, S.OVERDUE, S.VOID, S.UNCOLLECTIBLE}),
    S.PARTIALLY_PAID: frozenset({S.PAID, S.OVERDUE, S.UNCOLLECTIBLE}),
    S.OVERDUE: frozenset({S.PARTIALLY_PAID, S.PAID, S.VOID, S.UNCOLLECTIBLE}),
    S.PAID: frozenset({S.VOID}),  # paid by credit alone: one with payments is refused before
    S.VOID: frozenset(),
    S.UNCOLLECTIBLE: frozenset({S.PAID}),
}


class Invoice(StateMachine, models.Model):
    """A bill for one period of one subscription. Minor units; periods half-open.

    Transition methods check the rules and change the object in memory. Only `services` saves.
    From finalize on a trigger refuses any change but of what happens to it afterwards.
    """

    transitions: ClassVar[Transitions] = TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="invoices")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="invoices"
    )
    period = models.ForeignKey(
        SubscriptionPeriod, on_delete=models.PROTECT, related_name="invoices"
    )
    kind = models.CharField(max_length=8)
    number = models.CharField(max_length=64, null=True, blank=True, unique=True)
    status = models.CharField(
        max_length=16, choices=InvoiceStatus.choices, default=InvoiceStatus.DRAFT
    )
    currency = models.CharField(max_length=3)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    calculated_at = models.DateTimeField()
    usage_version = models.BigIntegerField(default=0)
    issue_date = models.DateField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    subtotal_minor = models.BigIntegerField(default=0)
    discount_total_minor = models.BigIntegerField(default=0)
    tax_total_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    credit_granted_minor = models.BigIntegerField(default=0)
    credits_applied_minor = models.BigIntegerField(default=0)
    amount_paid_minor = models.BigIntegerField(default=0)
    seller = models.JSONField(null=True, blank=True)
    buyer = models.JSONField(null=True, blank=True)
    notes = models.JSONField(default=list, blank=True)
    percentages = models.JSONField(default=list, blank=True)
    stripe_invoice_id = models.CharField(max_length=255, blank=True)
    finalized_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["period", "kind"],
                condition=~Q(status="VOID") & ~Q(kind="LATE"),
                name="invoice_once_per_period_and_kind",
            ),
            models.CheckConstraint(
                name="invoice_number_from_finalize_on",
                condition=Q(status="DRAFT", number__isnull=True, finalized_at__isnull=True)
                | Q(status="VOID")
                | (~Q(status="DRAFT") & Q(number__isnull=False, finalized_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="invoice_amounts",
                condition=Q(
                    total_minor__gte=0,
                    credit_granted_minor__gte=0,
                    credits_applied_minor__gte=0,
                    amount_paid_minor__gte=0,
                    credits_applied_minor__lte=models.F("total_minor"),
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="invoice_account_created"),
        ]

    def __str__(self) -> str:
        return self.number or f"draft {self.id}"

    @property
    def amount_due_minor(self) -> int:
        """What is still to be paid, in minor units."""
        return self.total_minor - self.credits_applied_minor - self.amount_paid_minor

    def finalize(self, *, number: str, at: datetime) -> None:
        """Become payable; PAID at once where nothing is due."""
        self._move_to(S.PENDING if self.amount_due_minor > 0 else S.PAID)
        self.number = number
        self.finalized_at = at
        if self.status == S.PAID:
            self.paid_at = at

    def void(self, *, at: datetime, reason: str) -> None:
        self._move_to(S.VOID)
        self.voided_at = at
        self.void_reason = reason


class LineType(models.TextChoices):
    PLAN = "PLAN"
    USAGE = "USAGE"
    MINIMUM = "MINIMUM"
    PRORATION = "PRORATION"
    ADJUSTMENT = "ADJUSTMENT"
    DISCOUNT = "DISCOUNT"
    TAX = "TAX"


class InvoiceLine(models.Model):
    """One line: its amount is rounded once; `breakdown` has the exact parts as decimal strings."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    type = models.CharField(max_length=16, choices=LineType.choices)
    description = models.CharField(max_length=2000)
    metric_type = models.CharField(max_length=100, blank=True)
    charge_id = models.UUIDField(null=True, blank=True)
    fee_item = models.ForeignKey(
        FeeItem, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    quantity = models.DecimalField(max_digits=60, decimal_places=12)
    unit = models.CharField(max_length=64, blank=True)
    unit_price = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    amount_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    tax_rate = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    tax_category = models.CharField(max_length=64, blank=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    breakdown = models.JSONField(default=list)

    class Meta:
        ordering = ["invoice_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position")
        ]

    def __str__(self) -> str:
        return self.description


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


class BilledUsage(models.Model):
    """What a finalized invoice charged, gross, for a charge in a period: the base of adjustments.

    Without a charge it is what the version's minimum commitment added. The sum over all invoices
    that are not void is what was invoiced.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="billed")
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


class TaxRate(models.Model):
    """A rate that staff enter: percent, for a country (and region) and a category, while it holds.

    Valid on [valid_from, valid_until) by the invoice's issue date. None is invented.
    """

    country = models.CharField(max_length=2)
    region = models.CharField(max_length=64, blank=True)
    tax_category = models.CharField(max_length=64, default="STANDARD")
    name = models.CharField(max_length=100)
    percent = models.DecimalField(max_digits=9, decimal_places=6)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["country", "region", "tax_category", "valid_from"], name="tax_rate_once"
            ),
            models.CheckConstraint(
                name="tax_rate_percent", condition=Q(percent__gte=0) & Q(percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.percent.normalize():f} %"


class InvoiceDocument(models.Model):
    """The PDF of an invoice: a due row until it is rendered, then the same bytes for ever.

    A draft's is rendered anew with each content; `fingerprint` says of which content it is.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="documents")
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
