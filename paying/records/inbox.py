"""What Stripe told us: each event once, kept before anything is done about it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models import Account


class EventStatus(models.TextChoices):
    WAITING = "WAITING", _("waiting")
    DONE = "DONE", _("done")
    KEPT = "KEPT", _("kept, nothing to do")
    FAILED = "FAILED", _("failed too often")


class EventSource(models.TextChoices):
    WEBHOOK = "WEBHOOK", _("webhook")
    RECONCILER = "RECONCILER", _("found by comparing")


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    def due(self, now: datetime) -> StripeEventQuerySet:
        return self.filter(due_at__lte=now)


class StripeEvent(models.Model):
    """An event's head. What it says of the object is not kept: the object is fetched anew.

    `happened_at` is Stripe's time of it, the others are ours, all real time. `due_at` is when a
    worker takes it up: null once it rests. `outcome` says what came of it, `failure` the trace of
    the last attempt that failed. `account` is known once it was looked at, where it is ours.
    """

    id = models.CharField(max_length=255, primary_key=True)
    type = models.CharField(max_length=255)
    object_type = models.CharField(max_length=255, blank=True)
    object_id = models.CharField(max_length=255, blank=True)
    customer_id = models.CharField(max_length=255, blank=True)
    intent_id = models.CharField(max_length=255, blank=True)
    api_version = models.CharField(max_length=255, blank=True)
    source = models.CharField(max_length=16, choices=EventSource.choices)
    status = models.CharField(
        max_length=8, choices=EventStatus.choices, default=EventStatus.WAITING
    )
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    attempts = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=255, blank=True)
    failure = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[StripeEventQuerySet] = StripeEventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        constraints = [
            models.CheckConstraint(
                name="stripe_event_due_while_waiting",
                condition=Q(status="WAITING", due_at__isnull=False)
                | (~Q(status="WAITING") & Q(due_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="stripe_event_due"
            ),
            models.Index(
                fields=["object_id"], condition=Q(status="WAITING"), name="stripe_event_object"
            ),
            models.Index(
                fields=["intent_id"],
                condition=Q(status="KEPT") & ~Q(intent_id=""),
                name="stripe_event_early",
            ),
            models.Index(fields=["-received_at", "-id"], name="stripe_event_received"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class StripeThing(models.Model):
    """An object at Stripe, as we last saw it; `drift` says what of ours differs, and should not."""

    id = models.CharField(max_length=255, primary_key=True)
    kind = models.CharField(max_length=64)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    status = models.CharField(max_length=64, blank=True)
    drift = models.CharField(max_length=255, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("object at Stripe")
        verbose_name_plural = _("objects at Stripe")
        indexes = [
            models.Index(fields=["account", "kind"], name="stripe_thing_account"),
            models.Index(fields=["-seen_at", "-id"], name="stripe_thing_seen"),
            models.Index(fields=["seen_at"], condition=~Q(drift=""), name="stripe_thing_drifts"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
