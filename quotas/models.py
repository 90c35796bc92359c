"""What customers hold of their standing quotas, who used what last, and which limits are newest.

These rows are written by the functions of `migrations/0002_functions.py`: one statement each.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
from billing.models import Account

NO_ACCOUNT: Final = UUID(int=0)
"""In `account_id` of what was used by an address, for no customer."""


class Kind(models.TextChoices):
    RATE = "rate_limit"
    QUOTA = "quota"


class QuotaUse(models.Model):
    """How much of a standing quota an account holds. Exact, and on disk when it was answered."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="quota_uses")
    service_name = models.CharField(max_length=255)
    feature_key = models.CharField(max_length=255)
    used = models.BigIntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "service_name", "feature_key"], name="quota_use_once"
            ),
            models.CheckConstraint(name="quota_use_not_negative", condition=Q(used__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.service_name}/{self.feature_key}: {self.used}"


class UserTally(models.Model):
    """How many times a user has used an account's limits, of one kind: the last one's number."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account_id = models.UUIDField()
    user_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    total = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "kind", "account_id"], name="tally_once")
        ]
        indexes = [models.Index(fields=["account_id"], name="tally_account")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.total}"


class UserEvent(models.Model):
    """One use of a limit by a user. A hundred are kept: the next one takes the oldest's slot.

    `number` counts a user's uses of an account's limits from 1; `slot` is its rest by a hundred.
    `window` is empty for a quota. `used_at` is the account's own time.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account_id = models.UUIDField()
    user_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    slot = models.SmallIntegerField()
    number = models.BigIntegerField()
    service_name = models.CharField(max_length=255)
    feature_key = models.CharField(max_length=255)
    amount = models.BigIntegerField()
    window = models.CharField(max_length=8, blank=True)
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "kind", "account_id", "slot"], name="user_event_slot_once"
            ),
            models.CheckConstraint(
                name="user_event_slot_bound", condition=Q(slot__gte=0, slot__lt=100)
            ),
        ]
        indexes = [models.Index(fields=["account_id"], name="user_event_account")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.service_name}/{self.feature_key}"


class TierRevision(models.Model):
    """The newest state of a plan's limits, as a number that is never used again.

    A trigger on the limits' table writes it in the transaction of the change, so whoever reads a
    number sees that state, and keeps what it has read for as long as the number stays.
    """

    plan_id = models.UUIDField(primary_key=True)
    revision = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.revision}"
