"""Dunning: the schedule that staff edit, where an invoice stands on it, and what was done."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
from billing.models import Account
from billing.subscriptions.models import Standing
from invoicing.records.mails import MailTemplate


class DunningAction(models.TextChoices):
    REMIND = "REMIND"
    OVERDUE = "OVERDUE"
    UNPAID = "UNPAID"


class DunningStep(models.Model):
    """A step of the schedule: so many days after the due instant (negative: before it).

    A step that was done for an invoice can't be deleted; switched off, it is not done any more.
    """

    days = models.SmallIntegerField()
    action = models.CharField(max_length=8, choices=DunningAction.choices)
    template = models.CharField(max_length=16, choices=MailTemplate.choices, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["days", "id"]
        constraints = [
            models.UniqueConstraint(fields=["days", "action"], name="dunning_step_once"),
            models.CheckConstraint(
                name="dunning_step_days", condition=Q(days__gte=-365, days__lte=3650)
            ),
            models.CheckConstraint(
                name="dunning_reminder_has_a_mail",
                condition=~Q(action="REMIND") | ~Q(template=""),
            ),
            models.CheckConstraint(
                name="dunning_state_not_before_due", condition=Q(action="REMIND") | Q(days__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.days:+d}"


class Dunning(models.Model):
    """Where an open invoice stands on the schedule: the due row of its next step.

    `base_at` is the instant of being due, from which the steps' days are counted (24 hours each);
    all steps up to and including `done_until` are done or passed over. `due_at` is the next
    step's instant, null when there is none or the invoice is settled. `level` is what it makes of
    the subscription while it is open.
    """

    invoice = models.OneToOneField(
        "invoicing.Invoice", on_delete=models.CASCADE, primary_key=True, related_name="dunning"
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    base_at = models.DateTimeField()
    done_until = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    level = models.CharField(max_length=8, choices=Standing.choices, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "dunning"
        constraints = [
            models.CheckConstraint(
                name="dunning_closed_is_never_due",
                condition=Q(closed_at__isnull=True) | Q(due_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="dunning_due"),
            models.Index(
                fields=["account", "due_at"],
                condition=Q(due_at__isnull=False),
                name="dunning_account_due",
            ),
        ]

    def __str__(self) -> str:
        return str(self.invoice_id)


class DunningEntry(models.Model):
    """A step that was done for an invoice, at most once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(
        "invoicing.Invoice", on_delete=models.CASCADE, related_name="dunning_entries"
    )
    step = models.ForeignKey(DunningStep, on_delete=models.PROTECT, related_name="entries")
    action = models.CharField(max_length=8, choices=DunningAction.choices)
    note = models.CharField(max_length=255, blank=True)
    due_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "dunning entries"
        ordering = ["invoice_id", "due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "step"], name="dunning_step_done_once")
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.invoice_id}"
