"""Reads over memberships."""

from __future__ import annotations

from typing import Final, NamedTuple
from uuid import UUID

from billing.kernel.statements import Statement

OF_USER: Final = Statement(
    "customers_membership_of",
    "SELECT customer_id::text, role::text FROM customers_membership WHERE user_id = $1::uuid",
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
