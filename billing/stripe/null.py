"""No Stripe: where no key is configured, all that does not need it works."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from billing.stripe.errors import StripeNotConfigured
from billing.stripe.gateway import Party


class NullGateway:
    """Says no."""

    is_configured = False

    def create_customer(self, *, reference: UUID, party: Party, idempotency_key: str) -> str:
        raise StripeNotConfigured

    def find_customers(self, *, reference: UUID) -> Sequence[str]:
        raise StripeNotConfigured

    def update_customer(self, *, customer_id: str, party: Party, idempotency_key: str) -> None:
        raise StripeNotConfigured

    def delete_customer(self, *, customer_id: str, idempotency_key: str) -> bool:
        raise StripeNotConfigured
