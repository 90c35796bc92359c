"""Money that is asked of Stripe, and money that it took."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.kernel.ids import uuid7
from billing.kernel.states import StateMachine, Transitions
from billing.models import Account
from invoicing.models import Invoice


class Purpose(models.TextChoices):
    AUTOMATIC = "AUTOMATIC", _("taken from the method on file")
    BROWSER = "BROWSER", _("confirmed by the customer")
    PUSHED = "PUSHED", _("an invoice at Stripe, paid with the method on file")


class IntentStatus(models.TextChoices):
    ASKED = "ASKED", _("asked for")  # recorded; what Stripe made of it is not known
    OPEN = "OPEN", _("waits for the customer")
    PROCESSING = "PROCESSING", _("under way at the bank")
    PAID = "PAID", _("paid")
    DECLINED = "DECLINED", _("declined")
    CANCELED = "CANCELED", _("canceled")
    REFUSED = "REFUSED", _("refused by Stripe")


S = IntentStatus
_DECIDED: Final = frozenset({S.PAID, S.DECLINED, S.CANCELED, S.REFUSED})
INTENT_TRANSITIONS: Final[Transitions] = {
    S.ASKED: frozenset({S.OPEN, S.PROCESSING, *_DECIDED}),
    S.OPEN: frozenset({S.PROCESSING, *_DECIDED}),
    S.PROCESSING: frozenset({S.OPEN, *_DECIDED}),
    # A declined one may be tried anew by the customer, in the browser or the portal.
    S.DECLINED: frozenset({S.OPEN, S.PROCESSING, S.PAID, S.CANCELED}),
    S.PAID: frozenset(),
    S.CANCELED: frozenset(),
    S.REFUSED: frozenset(),
}
TAKEN: Final = (Purpose.AUTOMATIC, Purpose.PUSHED)
"""What we have taken without the customer there."""
UNDECIDED: Final = (S.ASKED, S.OPEN, S.PROCESSING)


class IntentQuerySet(models.QuerySet["Intent"]):
    def undecided(self) -> IntentQuerySet:
        return self.filter(status__in=UNDECIDED)


class Intent(StateMachine, models.Model):
    """An amount asked for once, for an invoice: its id is the reference that Stripe carries.

    All that the request says stands here before it is sent, so that a repetition under the same
    key says the same. `spent_keys` are those under which Stripe keeps a failure of its own.
    `failure` is Stripe's code for why it was not paid. A PUSHED one is an invoice at Stripe with
    these `lines` ([what for, minor units]), whose payment was tried `tries` times. Real time.
    """

    transitions: ClassVar[Transitions] = INTENT_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="intents")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="intents")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    number = models.PositiveIntegerField()
    spent_keys = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveIntegerField(default=1)
    lines = models.JSONField(default=list, blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    customer_id = models.CharField(max_length=255)
    payment_method = models.CharField(max_length=255, blank=True)
    stripe_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    status = models.CharField(max_length=16, choices=IntentStatus.choices, default=S.ASKED)
    failure = models.CharField(max_length=255, blank=True)
    asked_at = models.DateTimeField()

    objects: ClassVar[IntentQuerySet] = IntentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("payment asked for")
        verbose_name_plural = _("payments asked for")
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "purpose", "number"], name="intent_number_once"
            ),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(
                    purpose__in=["AUTOMATIC", "PUSHED"],
                    status__in=["ASKED", "OPEN", "PROCESSING"],
                ),
                name="intent_one_automatic_at_a_time",
            ),
            models.CheckConstraint(name="intent_above_zero", condition=Q(amount_minor__gt=0)),
        ]
        indexes = [models.Index(fields=["account", "-asked_at"], name="intent_account")]

    def __str__(self) -> str:
        return self.stripe_id or str(self.id)

    @property
    def key(self) -> str:
        """The idempotency key: derived, so that a repetition is known as one."""
        again = f":{self.spent_keys}" if self.spent_keys else ""
        return f"invoice:{self.invoice_id}:{self.purpose.lower()}:{self.number}{again}"

    def become(self, status: str, *, failure: str = "") -> None:
        """Take over what Stripe says; what it said before changes nothing."""
        if status != self.status:
            self._move_to(status)
        self.failure = failure


class CollectionStatus(models.TextChoices):
    DUE = "DUE", _("due")
    WAITING = "WAITING", _("waits for the customer or the bank")
    DECLINED = "DECLINED", _("declined, tried again later")
    GIVEN_UP = "GIVEN_UP", _("declined too often")
    CARRIED = "CARRIED", _("too little: taken with the next invoice")
    NO_METHOD = "NO_METHOD", _("no payment method on file")
    ENDED = "ENDED", _("nothing left to collect")


class CollectionQuerySet(models.QuerySet["Collection"]):
    def due(self, now: datetime) -> CollectionQuerySet:
        return self.filter(due_at__lte=now)


class Collection(models.Model):
    """An invoice that is collected through Stripe: the due row of its next attempt (real time).

    From `tell_at` on the customer is to be told that the last attempt failed, by mail.
    """

    invoice = models.OneToOneField(
        Invoice, primary_key=True, on_delete=models.CASCADE, related_name="collection"
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=16, choices=CollectionStatus.choices, default="DUE")
    attempts = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=255, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    tell_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[CollectionQuerySet] = CollectionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        constraints = [
            models.CheckConstraint(
                name="collection_due_unless_it_rests",
                condition=Q(status__in=["DUE", "DECLINED"], due_at__isnull=False)
                | Q(status="WAITING")
                | (~Q(status__in=["DUE", "DECLINED", "WAITING"]) & Q(due_at__isnull=True)),
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="collection_due"
            ),
            models.Index(
                fields=["tell_at"], condition=Q(tell_at__isnull=False), name="collection_tell"
            ),
            models.Index(fields=["account", "status"], name="collection_account"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} ({self.status})"


class Receipt(models.Model):
    """Money that Stripe took from a customer, each once: where it went, and what went back.

    `stripe_id` is the payment intent's, or the invoice's of a subscription that Stripe leads. What
    was more than was due became credit: `credit_id` is its grant. `refunded_minor` went back.
    """

    stripe_id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="receipts")
    invoice = models.ForeignKey(
        Invoice, null=True, blank=True, on_delete=models.CASCADE, related_name="receipts"
    )
    intent_id = models.CharField(max_length=255, blank=True)
    charge_id = models.CharField(max_length=255, blank=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    credited_minor = models.BigIntegerField(default=0)
    credit_id = models.UUIDField(null=True, blank=True)
    refunded_minor = models.BigIntegerField(default=0)
    unexplained_minor = models.BigIntegerField(default=0)
    dispute = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="receipt_amounts",
                condition=Q(amount_minor__gt=0, credited_minor__gte=0, refunded_minor__gte=0)
                & Q(credited_minor__lte=F("amount_minor"))
                & Q(refunded_minor__lte=F("amount_minor")),
            )
        ]
        indexes = [
            models.Index(fields=["intent_id"], name="receipt_intent"),
            models.Index(fields=["charge_id"], name="receipt_charge"),
            models.Index(fields=["account", "-created_at"], name="receipt_account"),
        ]

    def __str__(self) -> str:
        return self.stripe_id
