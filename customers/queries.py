"""Reads over customers and memberships."""

from __future__ import annotations

from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from billing.kernel.errors import NotFound
from billing.kernel.statements import Statement
from customers.models import Customer, Membership

OF_USER: Final = Statement(
    "customers_membership_of",
    "SELECT customer_id::text, role::text FROM customers_membership WHERE user_id = $1::uuid",
    shared=True,
)


class Belonging(NamedTuple):
    """To which customer a user belongs, and as what (0 owner, 1 admin, 2 user)."""

    customer_id: UUID
    role: int


def membership_of(*, user_id: UUID) -> Belonging | None:
    """Return the user's one membership, or None. (Named by the setting BILLING_MEMBERSHIPS.)

    Every request of surface A asks for it, so it is read as a hot path reads.
    """
    for customer_id, role in OF_USER.rows(str(user_id)):
        return Belonging(UUID(customer_id), int(role or 0))
    return None


def customer_of(customer_id: UUID) -> Customer:
    """Return a customer with its account. Raises NotFound."""
    found = Customer.objects.select_related("account__test_clock").filter(pk=customer_id).first()
    if found is None:
        raise NotFound(noun="customer")
    return found


def members_of(customer_id: UUID) -> QuerySet[Membership]:
    """Return a team: the owner, the admins, the users, each in the order in which they came."""
    return Membership.objects.filter(customer_id=customer_id).order_by("role", "created_at", "id")
