"""Tenants' quotas: how much of a meter may be used in a window, and what is held of it.

A window's row is the lock that recording takes, and its sum. Events and reservations say the same:
a row that is lost, or was made for a period that has changed since, is counted anew from them.
The hot path reads all but the quota itself, so these rows have no foreign keys.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.accounts.models import Account
from billing.catalog.models import Meter
from billing.kernel.decimals import format_decimal
from billing.kernel.ids import uuid7


class QuotaPeriod(models.TextChoices):
    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"
    BILLING_PERIOD = "BILLING_PERIOD"
    NONE = "NONE"


class UsageQuota(models.Model):
    """How much of a meter an account may use in a period of its time zone.

    Changed under the timeline's exclusive lock alone, so that whoever records under the shared one
    sees one state of it. `made_by_admin`: only billing_admin changes it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="usage_quotas")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="quotas")
    resource_name = models.CharField(max_length=255, blank=True)
    limit = models.DecimalField(max_digits=27, decimal_places=12)
    period = models.CharField(max_length=16, choices=QuotaPeriod.choices)
    warning_percent = models.PositiveSmallIntegerField(default=80)
    is_hard = models.BooleanField(default=True)
    recipients = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    made_by_admin = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "quota"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "meter"],
                condition=Q(is_active=True),
                name="usage_quota_one_active",
                violation_error_message="There is one already: an active quota of this meter.",
            ),
            models.CheckConstraint(name="usage_quota_limit_positive", condition=Q(limit__gt=0)),
            models.CheckConstraint(
                name="usage_quota_warning_percent",
                condition=Q(warning_percent__gte=1, warning_percent__lte=100),
            ),
            models.CheckConstraint(
                name="usage_quota_period_is_known", condition=Q(period__in=QuotaPeriod.values)
            ),
        ]
        indexes = [models.Index(fields=["account", "-created_at"], name="usage_quota_account")]

    def __str__(self) -> str:
        return f"{self.meter.metric_type} ≤ {format_decimal(self.limit)}"


class QuotaWindow(models.Model):
    """What is used and reserved of a quota in [start, end). Not counted yet: nothing is known.

    `used` is what the meter's aggregation makes of the window's events. `latest_at` and
    `latest_seq` say which event a LATEST meter's `used` is of.
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.UUIDField()
    quota_id = models.UUIDField()
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    is_counted = models.BooleanField(default=False)
    used = models.DecimalField(max_digits=60, decimal_places=12, default=0)
    reserved = models.DecimalField(max_digits=60, decimal_places=12, default=0)
    latest_at = models.DateTimeField(null=True)
    latest_seq = models.BigIntegerField(default=0)
    warned_at = models.DateTimeField(null=True)
    exceeded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["quota_id", "start_at", "end_at"], name="quota_window_once"
            ),
            models.CheckConstraint(
                name="quota_window_reserved_not_negative", condition=Q(reserved__gte=0)
            ),
        ]
        indexes = [
            models.Index(
                fields=["account_id"], condition=Q(is_counted=True), name="quota_window_counted"
            ),
            models.Index(fields=["end_at"], name="quota_window_end"),
        ]

    def __str__(self) -> str:
        return f"{self.used} since {self.start_at:%Y-%m-%dT%H:%M}"


class QuotaWindowValue(models.Model):
    """A distinct value that a window of a UNIQUE meter has seen."""

    pk = models.CompositePrimaryKey("window_id", "value")
    window_id = models.BigIntegerField()
    value = models.CharField(max_length=255, db_collation="C")

    def __str__(self) -> str:
        return self.value


class ReservationStatus(models.TextChoices):
    OPEN = "OPEN"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


class QuotaReservation(models.Model):
    """An amount that a job holds until it says how much it used.

    It counts in the window of `reserved_at`. Without a quota of the meter, `quota_id` is null and
    nothing is held. Times are the account's.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account_id = models.UUIDField()
    quota_id = models.UUIDField(null=True, blank=True)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=27, decimal_places=12)
    status = models.CharField(
        max_length=16, choices=ReservationStatus.choices, default=ReservationStatus.OPEN
    )
    reserved_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    committed_amount = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="quota_reservation_amount_positive", condition=Q(amount__gt=0)
            ),
            models.CheckConstraint(
                name="quota_reservation_ends_once",
                condition=Q(status="OPEN", ended_at__isnull=True)
                | (~Q(status="OPEN") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="quota_reservation_committed_amount",
                condition=Q(status="COMMITTED", committed_amount__isnull=False)
                | (~Q(status="COMMITTED") & Q(committed_amount__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["quota_id", "reserved_at"],
                condition=Q(status="OPEN"),
                name="quota_reservation_open",
            ),
            models.Index(
                fields=["expires_at"], condition=Q(status="OPEN"), name="quota_reservation_due"
            ),
            models.Index(fields=["account_id"], name="quota_reservation_account"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} ({self.status})"


class NoticeKind(models.TextChoices):
    WARNING = "WARNING"
    EXCEEDED = "EXCEEDED"


class QuotaNotice(models.Model):
    """A mail that is due to one recipient: that a window's threshold was reached, or its limit.

    `due_at` and `sent_at` are real time; null `due_at`: sent, given up, or held, since the account
    is on a test clock.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="quota_notices")
    quota_id = models.UUIDField()
    window_id = models.BigIntegerField()
    kind = models.CharField(max_length=8, choices=NoticeKind.choices)
    recipient = models.CharField(max_length=255)
    said = models.JSONField()
    due_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["window_id", "kind", "recipient"], name="quota_notice_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="quota_notice_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"
