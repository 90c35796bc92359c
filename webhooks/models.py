"""Endpoints that are told of events, and the deliveries to them: each a due row until it ended."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
from billing.kernel.states import StateMachine, Transitions
from billing.models import Account, OutboxEvent


class DisabledReason(models.TextChoices):
    BY_HAND = "BY_HAND"
    FAILURES = "FAILURES"
    GONE = "GONE"  # it answered 410


class MessageForm(models.TextChoices):
    STANDARD = "STANDARD"
    SLACK = "SLACK"


class WebhookEndpoint(models.Model):
    """A URL of a tenant (or, without an account, of the operator) that events are posted to.

    A private one was made for one thing alone: it is told of that, and stands in no list. A message
    is signed JSON, or what Slack takes.
    `event_types` are kinds, or `subject.*`; none: all. `secret` signs, and `previous_secret` too
    until `previous_until`. `failing_since` is the first failure since the last success, and
    nothing but one attempt at a time is made before `rest_until`. `due_at` says when to look at
    its deliveries next. All times are real.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks"
    )
    url = models.CharField(max_length=2000)
    form = models.CharField(max_length=8, choices=MessageForm.choices, default=MessageForm.STANDARD)
    is_private = models.BooleanField(default=False)
    description = models.CharField(max_length=255, blank=True)
    event_types = models.JSONField(default=list)
    secret = models.CharField(max_length=100)
    previous_secret = models.CharField(max_length=100, blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=8, choices=DisabledReason.choices, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    rest_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "webhook"
        constraints = [
            models.CheckConstraint(
                name="webhook_disabled_has_its_reason",
                condition=Q(is_enabled=True, disabled_reason="", disabled_at__isnull=True)
                | (Q(is_enabled=False, disabled_at__isnull=False) & ~Q(disabled_reason="")),
            ),
            models.CheckConstraint(
                name="webhook_failures_have_a_beginning",
                condition=Q(failures=0, failing_since__isnull=True)
                | Q(failures__gte=1, failing_since__isnull=False),
            ),
            models.CheckConstraint(
                name="webhook_overlap_ends",
                condition=Q(previous_secret="", previous_until__isnull=True)
                | (~Q(previous_secret="") & Q(previous_until__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="webhook_due"),
            models.Index(fields=["account", "-created_at"], name="webhook_account_created"),
        ]

    def __str__(self) -> str:
        return self.url

    def wants(self, kind: str) -> bool:
        """Say whether it asked for events of this kind."""
        subject = kind.partition(".")[0]
        return (
            not self.event_types or kind in self.event_types or f"{subject}.*" in self.event_types
        )

    def secrets_at(self, now: datetime) -> list[str]:
        """Return the secrets that hold now, the newest first."""
        overlaps = self.previous_until is not None and now < self.previous_until
        return [self.secret, *([self.previous_secret] if overlaps else [])]


class DeliveryStatus(models.TextChoices):
    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


S = DeliveryStatus


class WebhookDelivery(StateMachine, models.Model):
    """One event on its way to one endpoint. Without an event it is a test.

    It is tried from `due_at` on, until it is answered with 2xx or `give_up_at` is over. `log` has
    the last attempts, the newest last: {at, status, failure, snippet, milliseconds}.
    """

    transitions: ClassVar[Transitions] = {
        S.WAITING: frozenset({S.DELIVERED, S.FAILED}),
        S.DELIVERED: frozenset({S.WAITING}),
        S.FAILED: frozenset({S.WAITING}),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    event = models.ForeignKey(
        OutboxEvent, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    kind = models.CharField(max_length=64)
    status = models.CharField(max_length=9, choices=S.choices, default=S.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    log = models.JSONField(default=list)
    due_at = models.DateTimeField(null=True, blank=True)
    give_up_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once_per_event"),
            models.CheckConstraint(
                name="delivery_due_while_waiting",
                condition=Q(status="WAITING", due_at__isnull=False)
                | (~Q(status="WAITING") & Q(due_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="delivery_delivered_has_its_time",
                condition=~Q(status="DELIVERED") | Q(delivered_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at"],
                condition=Q(due_at__isnull=False),
                name="delivery_due",
            ),
            models.Index(fields=["endpoint", "-created_at", "-id"], name="delivery_newest"),
            models.Index(fields=["created_at"], name="delivery_age"),
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def last(self) -> dict[str, object]:
        """The last attempt; empty before the first."""
        return self.log[-1] if self.log else {}

    def deliver(self, *, at: datetime) -> None:
        self._move_to(S.DELIVERED)
        self.delivered_at, self.due_at = at, None

    def give_up(self) -> None:
        self._move_to(S.FAILED)
        self.due_at = None

    def take_up(self, *, at: datetime, give_up_at: datetime) -> None:
        """Let it be sent again, for as long as a new one would be."""
        if self.status != S.WAITING:
            self._move_to(S.WAITING)
        self.due_at, self.give_up_at = at, give_up_at
