"""What is sold: meters, plans, their versions with charges, and their limits."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7


class Aggregation(models.TextChoices):
    SUM = "SUM"
    COUNT = "COUNT"
    MAX = "MAX"
    LATEST = "LATEST"
    UNIQUE = "UNIQUE"


class Interval(models.TextChoices):
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class ChargeModel(models.TextChoices):
    PER_UNIT = "PER_UNIT"
    PACKAGE = "PACKAGE"
    GRADUATED = "GRADUATED"
    VOLUME = "VOLUME"
    PERCENTAGE = "PERCENTAGE"
    STAIRCASE = "STAIRCASE"


class Meter(models.Model):
    """A kind of usage, and how its events become one quantity."""

    metric_type = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255)
    unit = models.CharField(max_length=255)
    aggregation = models.CharField(max_length=8, choices=Aggregation.choices)
    unique_field = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="meter_unique_field_with_unique_only",
                condition=Q(aggregation="UNIQUE") ^ Q(unique_field=""),
            )
        ]

    def __str__(self) -> str:
        return self.metric_type


class Plan(models.Model):
    """A plan (a tier): its names and limits, which may change under living subscribers."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255)
    description = models.TextField(max_length=2000, blank=True)
    is_active = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)
    sort_order = models.IntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="plan_one_default"
            ),
            models.CheckConstraint(
                name="plan_default_is_active", condition=Q(is_default=False) | Q(is_active=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersionQuerySet(models.QuerySet["PlanVersion"]):
    def newest(self) -> PlanVersionQuerySet:
        """The one version of each plan that new subscriptions get."""
        newer = PlanVersion.objects.filter(
            plan=models.OuterRef("plan"), version__gt=models.OuterRef("version")
        )
        return self.filter(~models.Exists(newer))

    def with_parts(self) -> PlanVersionQuerySet:
        """Load all that an answer shows: four queries, however many versions."""
        return self.select_related("plan").prefetch_related("charges__meter", "plan__limits")


class TaxBehavior(models.TextChoices):
    """Whether prices are without the taxes that an invoice adds, or hold them."""

    EXCLUSIVE = "EXCLUSIVE"
    INCLUSIVE = "INCLUSIVE"


class PlanVersion(models.Model):
    """The prices of a plan: never changed; other prices are a new version. Money in minor units."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    interval = models.CharField(max_length=8, choices=Interval.choices)
    price_minor = models.BigIntegerField()
    pay_in_advance = models.BooleanField(default=False)
    trial_days = models.PositiveIntegerField(default=0)
    minimum_commitment_minor = models.BigIntegerField(null=True, blank=True)
    tax_category = models.CharField(max_length=255, default="STANDARD")
    tax_behavior = models.CharField(
        max_length=9, choices=TaxBehavior.choices, default=TaxBehavior.EXCLUSIVE
    )
    stripe_price_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[PlanVersionQuerySet] = PlanVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "version"], name="plan_version_number_once"),
            models.CheckConstraint(
                name="plan_version_money_not_negative",
                condition=Q(price_minor__gte=0)
                & (Q(minimum_commitment_minor__isnull=True) | Q(minimum_commitment_minor__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan.name} v{self.version}"


class Charge(models.Model):
    """A price for a meter's usage. Rates are exact decimals in major units, 12 places at most.

    `tiers` is a list of {"upTo": decimal string or null, "unitPrice": …, "flatFee": …}.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="charges")
    position = models.PositiveSmallIntegerField()
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="charges")
    description = models.CharField(max_length=2000, blank=True)
    model = models.CharField(max_length=16, choices=ChargeModel.choices)
    included_quantity = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    filter = models.JSONField(null=True, blank=True)
    unit_price = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    package_size = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    package_price = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    rate = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    fixed_fee = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    tiers = models.JSONField(null=True, blank=True)
    minimum_minor = models.BigIntegerField(null=True, blank=True)
    maximum_minor = models.BigIntegerField(null=True, blank=True)
    tax_category = models.CharField(max_length=255, default="STANDARD")

    class Meta:
        ordering = ["plan_version_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan_version", "position"], name="charge_position_once"
            ),
            models.CheckConstraint(
                name="charge_has_the_fields_of_its_model",
                condition=(
                    Q(model="PER_UNIT", unit_price__isnull=False)
                    | Q(model="PACKAGE", package_size__gt=0, package_price__isnull=False)
                    | Q(model__in=["GRADUATED", "VOLUME", "STAIRCASE"], tiers__isnull=False)
                    | Q(model="PERCENTAGE", rate__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="charge_maximum_not_below_minimum",
                condition=Q(minimum_minor__isnull=True)
                | Q(maximum_minor__isnull=True)
                | Q(maximum_minor__gte=models.F("minimum_minor")),
            ),
        ]

    def __str__(self) -> str:
        return self.description or f"{self.meter.name} ({self.model})"


class PlanLimit(models.Model):
    """A rate (with a window) or a standing cap (without) of a service's feature. −1: unlimited."""

    class Window(models.TextChoices):
        MINUTE = "minute"
        HOUR = "hour"
        DAY = "day"
        MONTH = "month"

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="limits")
    service_name = models.CharField(max_length=255)
    feature_key = models.CharField(max_length=255)
    value = models.BigIntegerField()
    window = models.CharField(max_length=8, choices=Window.choices, blank=True)
    description = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = ["service_name", "feature_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "service_name", "feature_key"], name="plan_limit_once"
            ),
            models.CheckConstraint(name="plan_limit_value", condition=Q(value__gte=-1)),
        ]

    def __str__(self) -> str:
        return f"{self.service_name}/{self.feature_key}"
