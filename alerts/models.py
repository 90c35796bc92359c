"""Alerts on a tenant's cost, what fired, and which tenants are to be looked at."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
from billing.models import Account
from tenants.cost_centers.models import CostCenter
from webhooks.models import WebhookEndpoint


class ThresholdType(models.TextChoices):
    ABSOLUTE = "ABSOLUTE"
    PERCENTAGE_OF_BUDGET = "PERCENTAGE_OF_BUDGET"
    DAILY_RATE = "DAILY_RATE"
    ANOMALY = "ANOMALY"


class AlertStatus(models.TextChoices):
    ACTIVE = "ACTIVE"
    TRIGGERED = "TRIGGERED"
    DISMISSED = "DISMISSED"


class Alert(models.Model):
    """A threshold, and whom to tell when it is reached: once in each billing period.

    `threshold` is money in major units, or a percentage. `status` is that in the period
    `period_id`; in any other it is ACTIVE. `current` is what was measured when it was last looked
    at, in the threshold's own unit. `triggered_at` and `dismissed_at` are the account's time.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alerts")
    threshold_type = models.CharField(max_length=20, choices=ThresholdType.choices)
    threshold = models.DecimalField(max_digits=27, decimal_places=12)
    notify_email = models.BooleanField(default=True)
    email = models.CharField(max_length=255, blank=True)
    notify_slack = models.BooleanField(default=False)
    slack_url = models.CharField(max_length=2000, blank=True)
    slack = models.ForeignKey(
        WebhookEndpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    webhook_url = models.CharField(max_length=2000, blank=True)
    webhook = models.ForeignKey(
        WebhookEndpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    status = models.CharField(max_length=9, choices=AlertStatus.choices, default=AlertStatus.ACTIVE)
    period_id = models.UUIDField(null=True, blank=True)
    current = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    triggered_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="alert_threshold_above_zero", condition=Q(threshold__gt=0)),
            models.CheckConstraint(
                name="alert_status_has_its_period",
                condition=Q(status="ACTIVE") | Q(period_id__isnull=False) | Q(status="DISMISSED"),
            ),
            models.CheckConstraint(
                name="alert_status_has_its_time",
                condition=(~Q(status="TRIGGERED") | Q(triggered_at__isnull=False))
                & (~Q(status="DISMISSED") | Q(dismissed_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="alert_account_created"),
        ]

    def __str__(self) -> str:
        return f"{self.threshold_type} {self.threshold.normalize():f}"


class AlertFiring(models.Model):
    """An alert that fired in a period: once, whoever saw it. `measured` is what it was then."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="firings")
    period_id = models.UUIDField()
    event_id = models.UUIDField()
    threshold = models.DecimalField(max_digits=27, decimal_places=12)
    measured = models.DecimalField(max_digits=27, decimal_places=12)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "period_id"], name="alert_fires_once_a_period")
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.at:%Y-%m-%d}"


class BudgetMark(models.TextChoices):
    WARNING = "WARNING"
    EXCEEDED = "EXCEEDED"


class BudgetFiring(models.Model):
    """A cost center that reached a mark of its budget in a period: told once, whoever saw it.

    `budget_minor` and `spent_minor` are what they were then.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    cost_center = models.ForeignKey(
        CostCenter, on_delete=models.CASCADE, related_name="budget_firings"
    )
    period_id = models.UUIDField()
    mark = models.CharField(max_length=8, choices=BudgetMark.choices)
    event_id = models.UUIDField()
    budget_minor = models.BigIntegerField()
    spent_minor = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cost_center", "period_id", "mark"], name="budget_told_once_a_period"
            )
        ]
        indexes = [models.Index(fields=["account", "-at"], name="budget_firing_newest")]

    def __str__(self) -> str:
        return f"{self.cost_center_id} {self.mark}"


class AlertWatch(models.Model):
    """A tenant with alerts or budgets: the version of its counters that was last looked at.

    `is_open` while one may still fire in the period: only then its counters are compared.
    `due_at` has it looked at even where no usage came: it is new, or its subscription changed. It
    and `leased_until` are real time.
    """

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    seen_version = models.BigIntegerField(default=-1)
    is_open = models.BooleanField(default=True)
    due_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="watch_due"),
            models.Index(fields=["account"], condition=Q(is_open=True), name="watch_open"),
        ]

    def __str__(self) -> str:
        return str(self.account_id)
