"""People and their roles over an account: surface A's teams."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.kernel.ids import uuid7
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
    user_id = models.UUIDField(unique=True)
    role = models.PositiveSmallIntegerField(choices=Role.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(role=Role.OWNER), name="customer_one_owner"
            ),
            models.CheckConstraint(name="membership_role", condition=Q(role__in=[0, 1, 2])),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.user_id}"
