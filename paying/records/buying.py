"""Pages at Stripe on which somebody buys."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.kernel.ids import uuid7
from billing.kernel.states import StateMachine, Transitions
from billing.models import Account, PlanVersion


class CheckoutStatus(models.TextChoices):
    ASKED = "ASKED", _("asked for")  # recorded; whether Stripe has a page is not known
    OPEN = "OPEN", _("open")
    DONE = "DONE", _("bought")
    EXPIRED = "EXPIRED", _("expired")


S = CheckoutStatus
CHECKOUT_TRANSITIONS: Final[Transitions] = {
    S.ASKED: frozenset({S.OPEN, S.DONE, S.EXPIRED}),
    S.OPEN: frozenset({S.DONE, S.EXPIRED}),
    S.DONE: frozenset(),
    S.EXPIRED: frozenset({S.DONE}),  # it was bought on before we could close it
}


class Checkout(StateMachine, models.Model):
    """A page on which an account buys a plan. Its id is the reference that Stripe carries.

    With `price_id` Stripe subscribes (and leads); without, the page notes how to pay, and we
    invoice. `trial_days` is what was promised on the page. Real time.
    """

    transitions: ClassVar[Transitions] = CHECKOUT_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="checkouts")
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    price_id = models.CharField(max_length=255, blank=True)
    trial_days = models.PositiveIntegerField(default=0)
    stripe_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    status = models.CharField(max_length=8, choices=CheckoutStatus.choices, default=S.ASKED)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="checkout_done_has_its_time",
                condition=Q(status="DONE", done_at__isnull=False)
                | (~Q(status="DONE") & Q(done_at__isnull=True)),
            )
        ]
        indexes = [
            models.Index(fields=["account", "-created_at"], name="checkout_account"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_version_id} ({self.status})"

    def open(self, stripe_id: str) -> None:
        self._move_to(S.OPEN)
        self.stripe_id = stripe_id

    def complete(self, stripe_id: str, *, now: datetime) -> None:
        self._move_to(S.DONE)
        self.stripe_id = stripe_id
        self.done_at = now
