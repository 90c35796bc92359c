"""What reduces a bill: coupons, and who redeemed them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.kernel.ids import uuid7
from billing.models import Account, Plan, Subscription


class DiscountType(models.TextChoices):
    PERCENTAGE = "PERCENTAGE"
    FIXED_AMOUNT = "FIXED_AMOUNT"
    CREDIT = "CREDIT"


class Coupon(models.Model):
    """An offer under a code that is unique in any letter case.

    `value` is a percentage, or an amount in major units of `currency`: off each invoice, or granted
    as credit once. `minimum_amount`, in major units, is what the plan must cost at least. Redeemed
    at most `max_redemptions` times in all and `max_redemptions_per_tenant` times by a tenant; null:
    without end. `expires_at` is the first instant at which it can't be redeemed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=255)
    code_key = models.CharField(max_length=1024, unique=True, editable=False)
    description = models.CharField(max_length=2000, blank=True)
    discount_type = models.CharField(max_length=16, choices=DiscountType.choices)
    value = models.DecimalField(max_digits=27, decimal_places=12)
    currency = models.CharField(max_length=3, blank=True)
    duration_months = models.PositiveIntegerField(null=True, blank=True)
    max_redemptions = models.PositiveIntegerField(null=True, blank=True)
    max_redemptions_per_tenant = models.PositiveIntegerField(null=True, blank=True, default=1)
    current_redemptions = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    applicable_plans = models.ManyToManyField(Plan, blank=True, related_name="+")
    minimum_amount = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(name="coupon_value_above_zero", condition=Q(value__gt=0)),
            models.CheckConstraint(
                name="coupon_percentage_at_most_100",
                condition=~Q(discount_type="PERCENTAGE") | Q(value__lte=100),
            ),
            models.CheckConstraint(
                name="coupon_amount_has_a_currency",
                condition=Q(discount_type="PERCENTAGE") | ~Q(currency=""),
            ),
            models.CheckConstraint(
                name="coupon_redeemed_at_most_so_often",
                condition=Q(max_redemptions__isnull=True)
                | Q(current_redemptions__lte=F("max_redemptions")),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Redemption(models.Model):
    """A coupon redeemed by a tenant, for the `number`-th time of this tenant's, from 1 on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="redemptions")
    subscription = models.ForeignKey(
        Subscription, null=True, blank=True, on_delete=models.PROTECT, related_name="redemptions"
    )
    number = models.PositiveIntegerField()
    redeemed_at = models.DateTimeField()

    class Meta:
        ordering = ["-redeemed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["coupon", "account", "number"], name="redemption_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.coupon} {self.account_id}"
