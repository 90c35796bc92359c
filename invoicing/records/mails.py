"""The outbox: mails as they were written, each a due row until it is sent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
from billing.models import Account


class MailTemplate(models.TextChoices):
    INVOICE = "invoice"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    UNPAID = "unpaid"
    WEBHOOK_OFF = "webhook_off"
    ALERT = "alert"
    BUDGET = "budget"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_ACTION = "payment_action"


class MailStatus(models.TextChoices):
    WAITING = "WAITING"
    SENT = "SENT"
    FAILED = "FAILED"
    HELD = "HELD"  # of an account on a test clock: written, not sent


class Mail(models.Model):
    """A mail, rendered when it was asked for: what is sent is what stood true then.

    `about` says what it is about, so that each is written once. `due_at` and the times of
    sending are real time; `created_at` is the account's. One without an account is the operator's.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="mails"
    )
    invoice = models.ForeignKey(
        "invoicing.Invoice", null=True, blank=True, on_delete=models.CASCADE, related_name="mails"
    )
    template = models.CharField(max_length=16, choices=MailTemplate.choices)
    about = models.CharField(max_length=255)
    language = models.CharField(max_length=16)
    recipient = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    text = models.TextField()
    html = models.TextField()
    status = models.CharField(max_length=8, choices=MailStatus.choices, default=MailStatus.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=2000, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["about"], name="mail_once"),
            models.CheckConstraint(
                name="mail_due_while_waiting",
                condition=Q(status="WAITING", due_at__isnull=False)
                | (~Q(status="WAITING") & Q(due_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="mail_sent_has_its_time",
                condition=Q(status="SENT", sent_at__isnull=False)
                | (~Q(status="SENT") & Q(sent_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="mail_due"),
            models.Index(fields=["-created_at", "-id"], name="mail_created"),
        ]

    def __str__(self) -> str:
        return self.subject
