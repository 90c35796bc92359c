"""What decides of a subscription's fee: its parts as rows, pauses, discounts, trials given."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import F, Q

from billing.accounts.models import Account
from billing.catalog.models import Plan, PlanVersion
from billing.kernel.ids import uuid7
from billing.subscriptions.models import InvoiceDue, Subscription, SubscriptionPeriod

MOST_MONTHS: Final = 1200


class FeeItem(models.Model):
    """A part of a plan's fee, for [start_at, end_at), and the invoice that shows it.

    A FEE is the fee that a period began with, a CHARGE that of another plan (or of a resumed
    subscription) for the rest of it, a CREDIT takes the unused part of one of these (`of`) back.
    Amounts are not stored: they follow from the plan's fee, the seconds and `whole_seconds`, those
    of the full period; of a CREDIT also from what the line that charged it cost after discounts.

    It is shown by the invoice of kind `bill_kind` for the subscription's period number
    `bill_sequence`, which may not have begun. `period` is the one whose time it is for; null until
    that begins.
    """

    class Type(models.TextChoices):
        FEE = "FEE"
        CHARGE = "CHARGE"
        CREDIT = "CREDIT"

    class Reason(models.TextChoices):
        PERIOD = "PERIOD"
        CHANGE = "CHANGE"
        PAUSE = "PAUSE"
        RESUME = "RESUME"
        CANCEL = "CANCEL"
        REACTIVATE = "REACTIVATE"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="fees")
    period = models.ForeignKey(
        SubscriptionPeriod, null=True, blank=True, on_delete=models.PROTECT, related_name="fees"
    )
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    type = models.CharField(max_length=8, choices=Type.choices)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    whole_seconds = models.BigIntegerField()
    of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="credits"
    )
    bill_sequence = models.PositiveIntegerField()
    bill_kind = models.CharField(max_length=8, choices=InvoiceDue.Kind.choices)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["subscription_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="fee_item_runs_forward", condition=Q(end_at__gte=F("start_at"))
            ),
            models.CheckConstraint(
                name="fee_item_credit_is_of_something",
                condition=Q(type="CREDIT", of__isnull=False)
                | (~Q(type="CREDIT") & Q(of__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["period"], condition=Q(type="FEE"), name="fee_item_one_fee_a_period"
            ),
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(period__isnull=True, type="FEE"),
                name="fee_item_one_of_a_period_to_come",
            ),
        ]
        indexes = [
            models.Index(fields=["subscription", "bill_sequence"], name="fee_item_bill"),
            models.Index(fields=["period"], name="fee_item_period"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.start_at:%Y-%m-%d} – {self.end_at:%Y-%m-%d}"


class SubscriptionPause(models.Model):
    """A stretch [start_at, end_at) in which no fee accrues; open while `end_at` is null."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="pauses")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["subscription_id", "start_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(end_at__isnull=True), name="pause_one_open"
            ),
            models.CheckConstraint(
                name="pause_runs_forward",
                condition=Q(end_at__isnull=True) | Q(end_at__gte=F("start_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"from {self.start_at:%Y-%m-%d}"


class Discount(models.Model):
    """What is taken off a subscription's invoices: a percentage, or an amount of each.

    It applies to invoices whose period ends after `effective_at`. `duration_months` counts calendar
    months from the start of the first period that it took something off (`DiscountUse`); null: for
    ever. `source_id` names the coupon's redemption that it came from.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="discounts"
    )
    position = models.PositiveIntegerField()
    percent = models.DecimalField(max_digits=15, decimal_places=12, null=True, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    duration_months = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=2000, blank=True)
    code = models.CharField(max_length=255, blank=True)
    source_id = models.UUIDField(null=True, blank=True, unique=True)
    effective_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["subscription_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "position"], name="discount_position_once"
            ),
            models.CheckConstraint(
                name="discount_is_a_percentage_or_an_amount",
                condition=Q(percent__gt=0, percent__lte=100, amount_minor__isnull=True)
                | Q(percent__isnull=True, amount_minor__gt=0),
            ),
            models.CheckConstraint(
                name="discount_duration",
                condition=Q(duration_months__isnull=True)
                | Q(duration_months__gte=1, duration_months__lte=MOST_MONTHS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent} %" if self.percent is not None else f"{self.amount_minor}"


class DiscountUse(models.Model):
    """A finalized invoice on which a discount took something off. A void one gives it back."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    discount = models.ForeignKey(Discount, on_delete=models.PROTECT, related_name="uses")
    invoice_id = models.UUIDField()
    period_start = models.DateTimeField()
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["discount", "invoice_id"], name="discount_use_once")
        ]
        indexes = [models.Index(fields=["invoice_id"], name="discount_use_invoice")]

    def __str__(self) -> str:
        return f"{self.amount_minor}"


class TrialUse(models.Model):
    """A plan's trial was given to a customer: once, on both surfaces."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="trial_uses")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "plan"], name="trial_once_per_customer")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.plan_id}"
