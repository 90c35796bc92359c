"""Reads for those who run the system: who is here, on which tier, with how large a team."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Q, QuerySet

from billing.kernel.errors import NotFound
from billing.subscriptions.stripe_words import IN_GOOD_STANDING, stripe_word
from customers.models import Customer, Membership, Role

NOBODY: Final = UUID(int=0)
"""Stands for the owner of a customer that has none: its deletion is on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSummary:
    """A customer with its standing and its team. `status` is Stripe's word.

    Tier and status are of the default tenant's live subscription, else of its newest one; None
    where it never had one.
    """

    id: UUID
    name: str
    created_at: datetime
    tier_id: UUID | None
    tier_name: str | None
    status: str | None
    member_count: int
    owner_user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TierStanding:
    """The active customers of all tiers with this name, and how many people are in their teams."""

    name: str
    customers: int
    members: int

    @property
    def average_team(self) -> float:
        """Return the members of a team on average, rounded half up to hundredths."""
        return (200 * self.members + self.customers) // (2 * self.customers) / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingStatus:
    """How many customers there are, how many are active, and on which tiers those are."""

    customers: int
    active: int
    tiers: tuple[TierStanding, ...]

    @property
    def tiers_by_name(self) -> Mapping[str, TierStanding]:
        return {tier.name: tier for tier in self.tiers}


def newest_customers() -> QuerySet[Customer]:
    """Return all customers, the newest first; in a total order, which three indexes have."""
    return Customer.objects.select_related("tier").order_by("-created_at", "-account_id")


def summaries_of(customers: Iterable[Customer]) -> list[CustomerSummary]:
    """Write customers down with their teams, in one query for all of them."""
    rows = list(customers)
    teams = _teams([row.pk for row in rows])
    return [_summary(row, *teams.get(row.pk, (0, NOBODY))) for row in rows]


def customer_summary(customer_id: UUID) -> CustomerSummary:
    """Return one customer. Raises NotFound."""
    found = summaries_of(newest_customers().filter(pk=customer_id))
    if not found:
        raise NotFound(noun="customer")
    return found[0]


def _teams(customer_ids: list[UUID]) -> Mapping[UUID, tuple[int, UUID]]:
    """Return each customer's number of members and its owner; who has no members is left out."""
    rows = (
        Membership.objects.filter(customer_id__in=customer_ids)
        .values("customer_id")
        .annotate(count=Count("*"), owners=ArrayAgg("user_id", filter=Q(role=Role.OWNER)))
    )
    return {row["customer_id"]: (row["count"], (row["owners"] or [NOBODY])[0]) for row in rows}


def _summary(customer: Customer, member_count: int, owner: UUID) -> CustomerSummary:
    tier, status = customer.tier, customer.subscription_status
    return CustomerSummary(
        id=customer.pk,
        name=customer.name,
        created_at=customer.created_at,
        tier_id=None if tier is None else tier.pk,
        tier_name=None if tier is None else tier.name,
        status=stripe_word(status) if status else None,
        member_count=member_count,
        owner_user_id=owner,
    )


def billing_status() -> BillingStatus:
    """Count customers, all at one instant. Active: whose subscription is active or trialing.

    Orphaned customers count as all others do, with a team of nobody. Tiers that share a name are
    one here, as they are in the filter of the list. A tier without an active customer is left out.
    """
    rows = list(
        Customer.objects.values(
            tier_name=F("tier__name"), is_active=Q(subscription_status__in=IN_GOOD_STANDING)
        )
        .annotate(customers=Count("pk", distinct=True), members=Count("memberships"))
        .order_by("tier_name")
    )
    tiers = tuple(
        TierStanding(name=row["tier_name"], customers=row["customers"], members=row["members"])
        for row in rows
        if row["is_active"]
    )
    return BillingStatus(
        customers=sum(row["customers"] for row in rows),
        active=sum(tier.customers for tier in tiers),
        tiers=tiers,
    )
