"""All that we ask of Stripe, in our own words. Asked between transactions, never inside one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from django.db import connection

KEYS_KEPT_FOR: Final = timedelta(hours=24)
"""For so long Stripe knows an idempotency key: later, what was done is found by its reference."""


@dataclass(frozen=True, slots=True)
class Party:
    """What Stripe shall know of a customer. `address` has the names of a tenant's parts."""

    email: str
    name: str
    address: Mapping[str, str] = field(default_factory=dict)


class Gateway(Protocol):
    """Every method raises StripeUnavailable where it is not known whether it was done, and
    StripeRefused where it was not and won't be.
    """

    @property
    def is_configured(self) -> bool:
        """Whether there is a Stripe to ask. Where not, every other method raises
        StripeNotConfigured.
        """
        ...

    def create_customer(self, *, reference: UUID, party: Party, idempotency_key: str) -> str:
        """Make a customer that carries our `reference`, once a key; return Stripe's id."""
        ...

    def find_customers(self, *, reference: UUID) -> Sequence[str]:
        """Return the ids of the customers that carry our reference: none, one; never more, but
        for a key that was forgotten. What was made in the last minute may be missing.
        """
        ...

    def update_customer(self, *, customer_id: str, party: Party, idempotency_key: str) -> None: ...

    def delete_customer(self, *, customer_id: str, idempotency_key: str) -> bool:
        """Delete a customer; its subscriptions end with it. Return False where it was gone."""
        ...


class Guarded:
    """A gateway that refuses to be asked within a transaction, whoever implements it."""

    def __init__(self, inner: Gateway) -> None:
        self.inner = inner

    @property
    def is_configured(self) -> bool:
        return self.inner.is_configured

    def create_customer(self, *, reference: UUID, party: Party, idempotency_key: str) -> str:
        require_no_transaction()
        return self.inner.create_customer(
            reference=reference, party=party, idempotency_key=idempotency_key
        )

    def find_customers(self, *, reference: UUID) -> Sequence[str]:
        require_no_transaction()
        return self.inner.find_customers(reference=reference)

    def update_customer(self, *, customer_id: str, party: Party, idempotency_key: str) -> None:
        require_no_transaction()
        self.inner.update_customer(
            customer_id=customer_id, party=party, idempotency_key=idempotency_key
        )

    def delete_customer(self, *, customer_id: str, idempotency_key: str) -> bool:
        require_no_transaction()
        return self.inner.delete_customer(customer_id=customer_id, idempotency_key=idempotency_key)


def require_no_transaction() -> None:
    """Raise AssertionError within a transaction, other than one that a test wraps around itself."""
    blocks = getattr(connection, "atomic_blocks", [])
    ours = [block for block in blocks if not getattr(block, "_from_testcase", False)]
    if ours:
        raise AssertionError("Stripe is asked between transactions, never inside one.")
