"""Usage as it is stored: events, and the counters that are kept in the events' own transaction.

No foreign keys here: this is the hot path, and its store shall be movable. Only `billing.metering`
touches these tables. Absent ids are the zero UUID, absent texts are empty, so that keys are plain.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

NO_ID: Final = UUID(int=0)


class UsageEvent(models.Model):
    """One event. (account, event_id) is unique for as long as events are kept.

    `occurred_at` is the producer's time, `recorded_at` ours. `seq` grows: of events of the same
    instant the greater is the later. A voided event stays and does not count.
    """

    pk = models.CompositePrimaryKey("account_id", "event_id")
    account_id = models.UUIDField()
    event_id = models.CharField(max_length=255, db_collation="C")
    seq = models.BigIntegerField()
    meter_id = models.IntegerField()
    quantity = models.DecimalField(max_digits=27, decimal_places=12)
    is_correction = models.BooleanField(default=False)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)
    resource_type = models.CharField(max_length=255, default="")
    resource_id = models.CharField(max_length=255, default="")
    user_id = models.CharField(max_length=255, default="")
    cost_center_id = models.UUIDField(default=NO_ID)
    metadata = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account_id", "occurred_at", "seq"], name="usage_event_time")
        ]

    def __str__(self) -> str:
        return self.event_id


class UsageTimeline(models.Model):
    """How often an account's periods and segments have changed: what was read of them may be kept
    for as long as this number stands. No row is 0.

    `kept_from`: a whole hour; older events may have been deleted, what they counted stays.
    """

    account_id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField(default=1)
    kept_from = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.account_id} {self.version}"


class UsageBucket(models.Model):
    """The events of an hour that share meter, period, charge and dimensions, added up.

    An hour that a period's end or a change of plan cuts has a bucket on each side.
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.UUIDField()
    meter_id = models.IntegerField()
    hour_at = models.DateTimeField()
    period_id = models.UUIDField(default=NO_ID)
    charge_id = models.UUIDField(default=NO_ID)
    resource_type = models.CharField(max_length=255, default="")
    resource_id = models.CharField(max_length=255, default="")
    cost_center_id = models.UUIDField(default=NO_ID)
    total = models.DecimalField(max_digits=60, decimal_places=12, default=0)
    events = models.BigIntegerField(default=0)
    corrections = models.BigIntegerField(default=0)
    maximum = models.DecimalField(max_digits=27, decimal_places=12, default=0)
    latest = models.DecimalField(max_digits=27, decimal_places=12, default=0)
    latest_at = models.DateTimeField(null=True)
    latest_seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "account_id",
                    "hour_at",
                    "meter_id",
                    "period_id",
                    "charge_id",
                    "resource_type",
                    "resource_id",
                    "cost_center_id",
                ],
                name="usage_bucket_key",
            )
        ]
        indexes = [
            models.Index(fields=["period_id", "charge_id"], name="usage_bucket_period"),
            # For what the last hours brought over all accounts; costs the hot path next to nothing.
            BrinIndex(fields=["hour_at"], name="usage_bucket_hour", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.hour_at:%Y-%m-%dT%H}"


class UsageBucketValue(models.Model):
    """A distinct value seen in a bucket of a UNIQUE meter, with how many events hold it."""

    pk = models.CompositePrimaryKey("bucket_id", "value")
    bucket_id = models.BigIntegerField()
    value = models.CharField(max_length=255, db_collation="C")
    references = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.value


class UsageCounter(models.Model):
    """What a charge counts in a period: the only row that pricing reads. Sums of the buckets.

    `version` grows with every change, so that what was billed can be compared without adding up.
    """

    pk = models.CompositePrimaryKey("period_id", "charge_id")
    period_id = models.UUIDField()
    charge_id = models.UUIDField()
    account_id = models.UUIDField()
    total = models.DecimalField(max_digits=60, decimal_places=12, default=0)
    events = models.BigIntegerField(default=0)
    corrections = models.BigIntegerField(default=0)
    maximum = models.DecimalField(max_digits=27, decimal_places=12, default=0)
    latest = models.DecimalField(max_digits=27, decimal_places=12, default=0)
    latest_at = models.DateTimeField(null=True)
    latest_seq = models.BigIntegerField(default=0)
    distinct_values = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["account_id"], name="usage_counter_account")]

    def __str__(self) -> str:
        return f"{self.period_id} {self.charge_id}"


class UsageCounterValue(models.Model):
    """A distinct value seen by a UNIQUE charge in a period, with how many events hold it."""

    pk = models.CompositePrimaryKey("period_id", "charge_id", "value")
    period_id = models.UUIDField()
    charge_id = models.UUIDField()
    value = models.CharField(max_length=255, db_collation="C")
    references = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.value
