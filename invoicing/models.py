"""What is owed: invoices, their lines, numbers, tax rates and printed documents."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
from billing.kernel.states import StateMachine, Transitions
from billing.models import Account, FeeItem, Subscription, SubscriptionPeriod
from invoicing import records  # noqa: F401  more tables of this app
from invoicing.records.billed import BilledUsage
from invoicing.records.documents import InvoiceDocument
from invoicing.taxes.models import TaxExemption, TaxRate
from invoicing.taxes.treatment import Treatment

__all__ = [
    "OPEN",
    "BilledUsage",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "InvoiceStatus",
    "LineType",
    "TaxExemption",
    "TaxRate",
]


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
    S.UNCOLLECTIBLE: frozenset({S.PAID, S.VOID}),
}
OPEN: Final = (S.PENDING, S.PARTIALLY_PAID, S.OVERDUE)
"""What somebody is asked to pay."""


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
    credited_minor = models.BigIntegerField(default=0)
    credited_due_minor = models.BigIntegerField(default=0)
    seller = models.JSONField(null=True, blank=True)
    buyer = models.JSONField(null=True, blank=True)
    notes = models.JSONField(default=list, blank=True)
    percentages = models.JSONField(default=list, blank=True)
    tax_treatment = models.CharField(max_length=16, default=Treatment.STANDARD.value)
    tax_reason = models.CharField(max_length=2000, blank=True)
    tax_reason_code = models.CharField(max_length=32, blank=True)
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
                    credit_granted_minor__gte=0,
                    credits_applied_minor__gte=0,
                    amount_paid_minor__gte=0,
                    credited_due_minor__gte=0,
                    credited_minor__gte=models.F("credited_due_minor"),
                    credited_minor__lte=models.F("total_minor"),
                )
                & Q(
                    total_minor__gte=models.F("credits_applied_minor")
                    + models.F("amount_paid_minor")
                    + models.F("credited_due_minor")
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
        """What is still to be paid, in minor units: credit notes took off `credited_due_minor`."""
        settled = self.credits_applied_minor + self.amount_paid_minor + self.credited_due_minor
        return self.total_minor - settled

    def finalize(self, *, at: datetime) -> None:
        """Become payable; PAID at once where nothing is due. Its number is given after this."""
        self._move_to(S.PENDING if self.amount_due_minor > 0 else S.PAID)
        self.finalized_at = at
        if self.status == S.PAID:
            self.paid_at = at

    def settle(self, *, at: datetime) -> None:
        """Follow what is due after a payment or a credit note: PAID once nothing is.

        An UNCOLLECTIBLE one stays so until then.
        """
        if self.amount_due_minor == 0:
            self._move_to(S.PAID)
            self.paid_at = at
        elif self.amount_paid_minor and self.status in {S.PENDING, S.OVERDUE}:
            self._move_to(S.PARTIALLY_PAID)

    def mark_overdue(self) -> None:
        self._move_to(S.OVERDUE)

    def mark_uncollectible(self) -> None:
        self._move_to(S.UNCOLLECTIBLE)

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
    """One line: its amount is rounded once; `breakdown` has the exact parts as decimal strings.

    Amount and discount are without tax. Of a line whose price holds its taxes `gross_minor` is
    the price as it was rated, which is what the breakdown explains. `taxes` names those that the
    line is under, as {tax, name, rate}; `tax_rate` is the sum of their percentages.
    """

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
    gross_minor = models.BigIntegerField(null=True, blank=True)
    tax_rate = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    taxes = models.JSONField(default=list, blank=True)
    tax_category = models.CharField(max_length=255, blank=True)
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
