"""People and their roles over an account: surface A's teams, and the sagas of a customer's life."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
from billing.kernel.states import StateMachine, Transitions
from billing.models import Account, Plan


class Role(models.IntegerChoices):
    OWNER = 0, "owner"
    ADMIN = 1, "admin"
    USER = 2, "user"


class Customer(models.Model):
    """The paying party: one with its default account, whose id it shares.

    `tier` and `subscription_status` (a SubscriptionStatus) are its standing: of the account's live
    subscription, else of the newest one; null and empty before the first. Triggers write the two
    with every change of a subscription, and nothing else can: what is set here is overwritten.
    """

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.PROTECT, related_name="as_customer"
    )
    name = models.CharField(max_length=255)
    email = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    tier = models.ForeignKey(
        Plan,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    subscription_status = models.CharField(max_length=16, blank=True, default="", editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-account"], name="customer_newest"),
            models.Index(
                fields=["subscription_status", "-created_at", "-account"],
                name="customer_status_newest",
            ),
            models.Index(
                fields=["tier", "-created_at", "-account"],
                include=["subscription_status"],
                name="customer_tier_newest",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's one membership, and its role. Exactly one owner a customer."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="memberships")
    user_id = models.UUIDField()
    role = models.PositiveSmallIntegerField(choices=Role.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id"], name="membership_once_per_user"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(role=Role.OWNER), name="customer_one_owner"
            ),
            models.CheckConstraint(name="membership_role", condition=Q(role__in=[0, 1, 2])),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.user_id}"


class CreationStatus(models.TextChoices):
    OPEN = "OPEN"  # recorded; whether Stripe has a customer is not known
    LINKED = "LINKED"  # Stripe's customer is known
    DONE = "DONE"
    ABANDONED = "ABANDONED"  # what Stripe has of it is to be deleted
    UNDONE = "UNDONE"


C = CreationStatus
CREATION_TRANSITIONS: Final[Transitions] = {
    C.OPEN: frozenset({C.LINKED, C.DONE, C.ABANDONED}),
    C.LINKED: frozenset({C.DONE, C.ABANDONED}),
    C.DONE: frozenset(),
    C.ABANDONED: frozenset({C.UNDONE}),
    C.UNDONE: frozenset({C.ABANDONED}),  # Stripe's answer came after all
}
OPEN_CREATIONS: Final = (C.OPEN, C.LINKED)


class CreationQuerySet(models.QuerySet["CustomerCreation"]):
    def due(self, now: datetime) -> CreationQuerySet:
        return self.filter(due_at__lte=now)


class CustomerCreation(StateMachine, models.Model):
    """A customer being made, here and at Stripe. `account_id` is the id that it will have.

    `asked` is what Stripe is asked to make, always the same, so that the key stays good; `wanted`
    what the newest request says: {email, name, address}. Both are emptied in the end. `due_at`
    (real time): from then on nobody works on it, and it is abandoned.
    """

    transitions: ClassVar[Transitions] = CREATION_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user_id = models.UUIDField()
    account_id = models.UUIDField(unique=True, default=uuid7)
    status = models.CharField(max_length=16, choices=CreationStatus.choices, default=C.OPEN)
    asked = models.JSONField(default=dict)
    wanted = models.JSONField(default=dict)
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=2000, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[CreationQuerySet] = CreationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id"],
                condition=Q(status__in=["OPEN", "LINKED"]),
                name="creation_one_open_per_user",
            ),
            models.CheckConstraint(
                name="creation_due_while_unsettled",
                condition=Q(status__in=["DONE", "UNDONE"], due_at__isnull=True)
                | Q(status__in=["OPEN", "LINKED", "ABANDONED"], due_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="creation_due")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} ({self.status})"

    def link(self, stripe_customer_id: str) -> None:
        self._move_to(C.LINKED)
        self.stripe_customer_id = stripe_customer_id

    def finish(self) -> None:
        self._move_to(C.DONE)
        self._forget()

    def abandon(self, *, due_at: datetime) -> None:
        self._move_to(C.ABANDONED)
        self.due_at = due_at

    def undo(self) -> None:
        self._move_to(C.UNDONE)
        self._forget()

    def _forget(self) -> None:
        self.asked, self.wanted, self.failure, self.due_at = {}, {}, "", None


class DeletionStatus(models.TextChoices):
    REQUESTED = "REQUESTED"  # roles are gone; Stripe is to be told
    AWAITING = "AWAITING"  # Stripe was told, and confirms by webhook
    ERASING = "ERASING"
    PARKED = "PARKED"  # it failed too often: `failure` says why; asking again goes on
    DONE = "DONE"


D = DeletionStatus
DELETION_TRANSITIONS: Final[Transitions] = {
    D.REQUESTED: frozenset({D.AWAITING, D.ERASING, D.PARKED}),
    D.AWAITING: frozenset({D.ERASING, D.PARKED}),
    D.ERASING: frozenset({D.PARKED, D.DONE}),
    D.PARKED: frozenset({D.REQUESTED, D.ERASING}),
    D.DONE: frozenset(),
}


class DeletionQuerySet(models.QuerySet["CustomerDeletion"]):
    def due(self, now: datetime) -> DeletionQuerySet:
        return self.filter(due_at__lte=now)


class CustomerDeletion(StateMachine, models.Model):
    """A customer being deleted: the due row that workers carry on, and the record that it was.

    `stripe_customer_ids` are those that Stripe has not confirmed yet. `progress` says where the
    erasing goes on; `key` makes the pseudonyms and is forgotten with its end. Real time.
    """

    transitions: ClassVar[Transitions] = DELETION_TRANSITIONS

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=16, choices=DeletionStatus.choices, default=D.REQUESTED)
    stripe_customer_ids = models.JSONField(default=list)
    progress = models.JSONField(default=dict)
    key = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=2000, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[DeletionQuerySet] = DeletionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="deletion_done_forgets_its_key",
                condition=Q(status="DONE", done_at__isnull=False, key="", due_at__isnull=True)
                | (~Q(status="DONE") & Q(done_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="deletion_due_unless_it_rests",
                condition=Q(status__in=["PARKED", "DONE"], due_at__isnull=True)
                | (~Q(status__in=["PARKED", "DONE"]) & Q(due_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="deletion_due")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} ({self.status})"

    def await_confirmation(self, *, due_at: datetime) -> None:
        """Stripe was told; ask again at `due_at`, should its word be lost."""
        if self.status != D.AWAITING:
            self._move_to(D.AWAITING)
        self.due_at = due_at

    def begin_erasing(self, *, key: str, now: datetime) -> None:
        self._move_to(D.ERASING)
        self.key = self.key or key
        self.attempts, self.failure, self.due_at = 0, "", now

    def park(self) -> None:
        self._move_to(D.PARKED)
        self.due_at = None

    def ask_again(self, *, now: datetime) -> None:
        """Go on at once, also where it was given up."""
        if self.status == D.PARKED:
            self._move_to(D.ERASING if self.key else D.REQUESTED)
        if self.status != D.DONE:
            self.attempts, self.failure, self.due_at = 0, "", now

    def finish(self, *, now: datetime) -> None:
        self._move_to(D.DONE)
        self.key, self.progress, self.due_at, self.done_at = "", {}, None, now


def progress_of(deletion: CustomerDeletion) -> tuple[int, UUID | None, dict[str, Any]]:
    """Return which piece of the erasing goes on, in which account (None: the first), its mark."""
    kept = deletion.progress
    account = kept.get("account")
    return kept.get("piece", 0), UUID(account) if account else None, kept.get("mark", {})
