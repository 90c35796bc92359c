"""Who owes money: the row that is locked, its clock, its keys, and what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final, NewType
from uuid import UUID

from django.db import models

from billing.kernel.errors import TenantNotFound
from billing.kernel.ids import uuid7
from billing.kernel.reads import AnyOf, Given, Read


class TestClock(models.Model):
    """A time that stands still until it is advanced, for the accounts that were made on it.

    `frozen_time` is where it shall be; `reached_at` how far the work on the way has come. The two
    are equal but while an advance runs, or after one failed.
    """

    __test__ = False  # not a test case, whatever its name

    class Status(models.TextChoices):
        READY = "READY"
        ADVANCING = "ADVANCING"
        FAILED = "FAILED"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=255, blank=True)
    frozen_time = models.DateTimeField()
    reached_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.READY)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="test_clock_reached_not_beyond_frozen",
                condition=models.Q(reached_at__lte=models.F("frozen_time")),
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)


class AccountQuerySet(models.QuerySet["Account"]):
    def lock(self, account_id: UUID, *, even_closed: bool = False) -> LockedAccount:
        """Take the account's row lock: the first statement of every write that moves money.

        FOR NO KEY UPDATE, so that inserts which refer to the account go on meanwhile. A closed
        account is there no more, but for what still happens to its invoices (`even_closed`).
        Raises TenantNotFound.
        """
        account = LOCK.first(account_id)
        if account is None or (account.closed_at is not None and not even_closed):
            raise TenantNotFound
        return LockedAccount(account)

    def lock_if_free(self, account_id: UUID) -> LockedAccount | None:
        """Take the row lock as `lock` does, unless another transaction holds it or it is gone."""
        found = LOCK_IF_FREE.first(account_id)
        return None if found is None else LockedAccount(found)

    def lock_those_free(self, account_ids: Sequence[UUID]) -> list[LockedAccount]:
        """Take the row locks of several accounts, in the order of their ids; leave out those that
        another transaction holds, and those that are gone.
        """
        return [LockedAccount(account) for account in LOCK_THOSE_FREE(list(account_ids))]

    def on_real_time(self) -> AccountQuerySet:
        """Leave out what moves with a test clock: its own advance does that work."""
        return self.filter(test_clock__isnull=True)


class Account(models.Model):
    """A party that owes money in one currency. A tenant has the same id.

    From `closed_at` (real time) on its customer is being deleted: nothing new is written for it,
    and what names a person goes. It stays for the invoices that refer to it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="tenants"
    )
    currency = models.CharField(max_length=3)
    timezone = models.CharField(max_length=64, default="UTC")
    test_clock = models.ForeignKey(
        TestClock, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts"
    )
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[AccountQuerySet] = AccountQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(
                fields=["stripe_customer_id"],
                condition=~models.Q(stripe_customer_id=""),
                name="account_stripe_customer",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def frozen_time(self) -> datetime | None:
        if self.test_clock_id is None:  # nearly all: without asking the descriptor
            return None
        return self.test_clock.reached_at if self.test_clock else None


def _locking(*, skip_locked: bool = False) -> AccountQuerySet:
    rows = Account.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
    return rows.select_related("test_clock")


LOCK: Final[Read[Account]] = Read(lambda: _locking().filter(pk=Given(0, "uuid")))
LOCK_IF_FREE: Final[Read[Account]] = Read(
    lambda: _locking(skip_locked=True).filter(pk=Given(0, "uuid"))
)
LOCK_THOSE_FREE: Final[Read[Account]] = Read(
    lambda: _locking(skip_locked=True).filter(AnyOf("id", 0, "uuid")).order_by("pk")
)

LockedAccount = NewType("LockedAccount", Account)
"""Proof, checked by mypy, that the caller holds the lock: only `lock` makes one."""


class ApiKey(models.Model):
    """A key and the hash of its secret. It can do what its scopes say, never more than its user.

    A service key has an account in place of a user and may act for that tenant alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=64, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=255, blank=True)
    user_id = models.UUIDField(null=True, blank=True, db_index=True)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="api_keys"
    )
    roles = models.JSONField(default=list)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        constraints = [
            models.CheckConstraint(
                name="api_key_of_a_user_or_of_a_tenant",
                condition=models.Q(user_id__isnull=False) ^ models.Q(account__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.key


class AuditEntry(models.Model):
    """One change, written in the transaction that made it: who, what, from what to what, when."""

    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="audit_entries"
    )
    actor = models.CharField(max_length=255)
    action = models.CharField(max_length=100)
    subject = models.CharField(max_length=255, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    request_id = models.CharField(max_length=128, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["account", "-at"], name="audit_account_at")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class IdempotentAnswer(models.Model):
    """The kept answer to a POST with an Idempotency-Key, for 24 hours."""

    caller = models.CharField(max_length=128)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=1024)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["caller", "key", "method", "path"], name="idempotent_answer_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
