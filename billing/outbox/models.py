"""Events as they are stored: numbered per account without a gap, in the order of their commits."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.accounts.models import Account
from billing.kernel.ids import uuid7


class OutboxCounter(models.Model):
    """The last number that an account's events have. Its row lock orders them."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    last = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="outbox_counter_counts", condition=Q(last__gte=1))
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.last}"


class OutboxEvent(models.Model):
    """One fact. `data` is what was true then; it is never changed.

    `created_at` is the account's time; `due_at` (real time) is set until it was handed on to
    those who asked for it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="outbox_events")
    number = models.BigIntegerField()
    kind = models.CharField(max_length=64)
    data = models.JSONField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "event"
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="outbox_event_number_once"),
        ]
        indexes = [
            models.Index(
                fields=["account", "number"], condition=Q(due_at__isnull=False), name="outbox_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
