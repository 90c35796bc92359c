"""Rules by which the cost of shared or unlabelled usage is shared out over cost centers."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, UUIDField, Value
from django.db.models.functions import Coalesce

from billing.kernel.ids import uuid7
from billing.metering.events import NO_ID_TEXT
from billing.models import Account, Meter
from tenants.models import CostCenter


class Method(models.TextChoices):
    PERCENTAGE = "PERCENTAGE"
    METER_SHARE = "METER_SHARE"


class AllocationRule(models.Model):
    """Whose cost is shared out, from when until when, and by what.

    The source is a cost center's own usage, or without one the usage that names none; of one
    meter, or without one of all that no rule of a meter takes. PERCENTAGE: by the percentages of
    its shares. METER_SHARE: by what the cost centers themselves used of `by_meter`. It holds for
    usage of [valid_from, valid_until).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="allocation_rules")
    name = models.CharField(max_length=255)
    source = models.ForeignKey(
        CostCenter, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    meter = models.ForeignKey(
        Meter, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    method = models.CharField(max_length=16, choices=Method.choices)
    by_meter = models.ForeignKey(
        Meter, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    is_staffs = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["valid_from", "id"]
        constraints = [
            models.CheckConstraint(
                name="allocation_rule_holds_for_a_time",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
            models.CheckConstraint(
                name="allocation_rule_has_what_its_method_takes",
                condition=(Q(method="METER_SHARE") & Q(by_meter__isnull=False))
                | (Q(method="PERCENTAGE") & Q(by_meter__isnull=True)),
            ),
            ExclusionConstraint(
                name="allocation_rule_one_at_a_time",
                expressions=[
                    (F("account"), RangeOperators.EQUAL),
                    (
                        Coalesce(F("source"), Value(NO_ID_TEXT, output_field=UUIDField())),
                        RangeOperators.EQUAL,
                    ),
                    (Coalesce(F("meter"), Value(0)), RangeOperators.EQUAL),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_until"),
                            RangeBoundary(),
                            function="tstzrange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AllocationShare(models.Model):
    """How many percent of a rule's source a cost center takes."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    rule = models.ForeignKey(AllocationRule, on_delete=models.CASCADE, related_name="shares")
    center = models.ForeignKey(CostCenter, on_delete=models.CASCADE, related_name="+")
    percent = models.DecimalField(max_digits=9, decimal_places=6)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "center"], name="allocation_share_once"),
            models.CheckConstraint(
                name="allocation_share_percent", condition=Q(percent__gt=0) & Q(percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"
