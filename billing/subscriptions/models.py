"""An account's subscriptions: their periods as rows, and which prices held when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from billing.accounts.models import Account, LockedAccount
from billing.catalog.models import PlanVersion
from billing.kernel.errors import InvalidTransition, NotFound
from billing.kernel.ids import uuid7
from billing.kernel.periods import Period
from billing.kernel.states import StateMachine, Transitions
from billing.subscriptions.states import TRANSITIONS, Standing, SubscriptionStatus

__all__ = ["TRANSITIONS", "InvoiceDue", "Segment", "Standing", "Subscription"]
__all__ += ["SubscriptionPeriod", "SubscriptionStatus"]


S = SubscriptionStatus


class TstzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def live(self) -> SubscriptionQuerySet:
        """All but the cancelled ones: an account has at most one."""
        return self.exclude(status=SubscriptionStatus.CANCELLED)

    def due(self, now: datetime) -> SubscriptionQuerySet:
        """Whose state has to move by now: a start, a trial's end, a period's end."""
        return self.filter(due_at__lte=now)

    def locked(self, subscription_id: UUID, *, account: LockedAccount) -> Subscription:
        """Return the account's subscription; the account's lock guards it. Raises NotFound."""
        try:
            return self.select_related("plan_version__plan").get(
                pk=subscription_id, account_id=account.pk
            )
        except Subscription.DoesNotExist:
            raise NotFound(noun="subscription") from None


class Subscription(StateMachine, models.Model):
    """An account on a plan. `plan_version` is the one that holds now; `Segment` has the history.

    `started_at` is the start's instant; `anchor_at` the instant from which paid periods are counted
    (the trial's end, where there was one) in `timezone`. `due_at` is the next instant at which the
    run has work here; null when there is none.
    """

    transitions: ClassVar[Transitions] = TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="subscriptions")
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    pending_plan_version = models.ForeignKey(
        PlanVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=16, choices=SubscriptionStatus.choices)
    standing = models.CharField(max_length=8, choices=Standing.choices, blank=True)
    timezone = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    anchor_at = models.DateTimeField()
    trial_end_at = models.DateTimeField(null=True, blank=True)
    cancel_at_period_end = models.BooleanField(default=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancellation_reason = models.CharField(max_length=2000, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    stripe_subscription_id = models.CharField(max_length=255, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=~Q(status="CANCELLED"),
                name="subscription_one_live_per_account",
            ),
            models.CheckConstraint(
                name="subscription_ended_when_cancelled",
                condition=Q(status="CANCELLED", ended_at__isnull=False)
                | (~Q(status="CANCELLED") & Q(ended_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="sub_due"),
            models.Index(fields=["account", "-created_at"], name="sub_account_created"),
        ]

    def __str__(self) -> str:
        return str(self.plan_version)

    def begin(self) -> None:
        """Leave INCOMPLETE at the start: into the trial, where there is one."""
        self._move_to(S.TRIALING if self.trial_end_at else S.ACTIVE)

    def end_trial(self) -> None:
        self._move_to(S.ACTIVE)
        self.stand(self.standing)

    def stand(self, standing: str) -> None:
        """Take over what its invoices make of it: '', PAST_DUE or UNPAID.

        Paused, in its trial or cancelled it keeps its status; the standing is remembered, and
        whoever makes it ACTIVE again calls this with it.
        """
        self.standing = standing
        if self.status not in {S.ACTIVE, S.PAST_DUE, S.UNPAID}:
            return
        target = standing or S.ACTIVE
        if self.status == S.ACTIVE and target == S.UNPAID:
            self._move_to(S.PAST_DUE)
        if self.status != target:
            self._move_to(target)

    def cancel(self, *, at: datetime) -> None:
        """End at `at`. Nothing is due or pending any more."""
        self._move_to(S.CANCELLED)
        self.cancelled_at = self.cancelled_at or at
        self.ended_at = at
        self.pending_plan_version = None
        self.paused_at = self.due_at = None
        self.cancel_at_period_end = False

    def pause(self, *, at: datetime) -> None:
        self._move_to(S.PAUSED)
        self.paused_at = at

    def resume(self, *, at: datetime) -> None:
        """Go back to the trial, where it still runs at `at`, or to being paid."""
        self._move_to(self._state_at(at))
        self.paused_at = None
        self.stand(self.standing)

    def revive(self, *, at: datetime) -> None:
        """Come back after a cancellation."""
        self._move_to(self._state_at(at))
        self.cancelled_at = self.ended_at = None
        self.cancellation_reason = ""
        self.stand(self.standing)

    def require_live(self, *, to: str) -> None:
        """Raise InvalidTransition, naming both states, where it is cancelled."""
        if self.status == S.CANCELLED:
            raise InvalidTransition(noun="subscription", current=self.status, target=to)

    def _state_at(self, at: datetime) -> str:
        in_trial = self.trial_end_at is not None and at < self.trial_end_at
        return S.TRIALING if in_trial else S.ACTIVE


class SubscriptionPeriod(models.Model):
    """One stretch [start_at, end_at) that one invoice covers, stored when it begins.

    A trial's period has no `index`; paid ones count from 0 at the anchor. [full_start_at,
    full_end_at) is the whole that its fee is for: longer where the period ended early, or where a
    cancelled subscription came back in the middle of it. `settled_version` is the version of the
    usage counters that was invoiced, null before; where they differ, the usage is late. The fee of
    `waiting_version` waits for the end of a pause, in which the period began.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="periods")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="periods")
    sequence = models.PositiveIntegerField()
    is_trial = models.BooleanField(default=False)
    index = models.PositiveIntegerField(null=True, blank=True)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    full_start_at = models.DateTimeField()
    full_end_at = models.DateTimeField()
    settled_version = models.BigIntegerField(null=True, blank=True)
    waiting_version = models.ForeignKey(
        PlanVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["subscription_id", "sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "sequence"], name="period_sequence_once"
            ),
            models.CheckConstraint(
                name="period_runs_forward", condition=Q(end_at__gte=F("start_at"))
            ),
            models.CheckConstraint(
                name="period_within_its_whole",
                condition=Q(full_start_at__lte=F("start_at"), full_end_at__gte=F("end_at")),
            ),
            ExclusionConstraint(
                name="period_no_overlap",
                expressions=[
                    (TstzRange("start_at", "end_at", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("subscription", RangeOperators.EQUAL),
                ],
            ),
        ]
        indexes = [models.Index(fields=["account", "end_at"], name="period_account_end")]

    def __str__(self) -> str:
        return f"{self.start_at:%Y-%m-%d} – {self.end_at:%Y-%m-%d}"

    @property
    def whole_seconds(self) -> int:
        """The elapsed seconds of the whole that its fee is for."""
        return Period(self.full_start_at, self.full_end_at).seconds


class Segment(models.Model):
    """A stretch of a subscription under one plan version. Only its end is written later."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="segments")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="segments"
    )
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="segments")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["subscription_id", "start_at"]
        constraints = [
            ExclusionConstraint(
                name="segment_no_overlap",
                expressions=[
                    (TstzRange("start_at", "end_at", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("subscription", RangeOperators.EQUAL),
                ],
            ),
        ]
        indexes = [models.Index(fields=["account", "start_at"], name="segment_account_start")]

    def __str__(self) -> str:
        return f"{self.plan_version_id} from {self.start_at:%Y-%m-%d}"


class InvoiceDueQuerySet(models.QuerySet["InvoiceDue"]):
    def due(self, now: datetime) -> InvoiceDueQuerySet:
        return self.filter(due_at__lte=now)


class InvoiceDue(models.Model):
    """An invoice that has to be made: the due row that the run pulls. Written with its period.

    `due_at` is first `draft_at`, then `finalize_at`, then null for ever: the run makes each once,
    and does not make anew what was voided.
    """

    class Kind(models.TextChoices):
        START = "START"  # the first fee, in advance: [start, start)
        PERIOD = "PERIOD"
        FINAL = "FINAL"
        LATE = "LATE"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    period = models.ForeignKey(
        SubscriptionPeriod, on_delete=models.PROTECT, related_name="invoices_due"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    draft_at = models.DateTimeField()
    finalize_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[InvoiceDueQuerySet] = InvoiceDueQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "invoices due"
        constraints = [
            models.UniqueConstraint(fields=["period", "kind"], name="invoice_due_once"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="invoice_due_at"
            ),
            models.Index(
                fields=["account", "due_at"],
                condition=Q(due_at__isnull=False),
                name="invoice_due_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period}"
