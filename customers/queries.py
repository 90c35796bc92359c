"""Reads over customers and memberships."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from billing.kernel.errors import NotFound
from customers.models import Customer, Membership


def membership_of(*, user_id: UUID) -> Membership | None:
    """Return the user's one membership, or None. (Named by the setting BILLING_MEMBERSHIPS.)"""
    return Membership.objects.filter(user_id=user_id).first()


def customer_of(customer_id: UUID) -> Customer:
    """Return a customer with its account. Raises NotFound."""
    found = Customer.objects.select_related("account__test_clock").filter(pk=customer_id).first()
    if found is None:
        raise NotFound(noun="customer")
    return found


def members_of(customer_id: UUID) -> QuerySet[Membership]:
    """Return a team: the owner, the admins, the users, each in the order in which they came."""
    return Membership.objects.filter(customer_id=customer_id).order_by("role", "created_at", "id")
