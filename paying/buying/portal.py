"""Stripe's customer portal: payment methods, addresses, invoices, and what Stripe leads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.stripe.errors import StripeNotConfigured
from billing.stripe.gateway import Gateway
from paying.buying.linking import ensure_customer


def open_portal(*, account_id: UUID, return_url: str, stripe: Gateway, now: datetime) -> str:
    """Return the address of the account's portal, good for minutes. Nothing of it is kept.

    Raises TenantNotFound, StripeNotConfigured, StripeError.
    """
    if not stripe.is_configured:
        raise StripeNotConfigured
    customer_id = ensure_customer(account_id=account_id, stripe=stripe, now=now)
    return stripe.create_portal(customer_id=customer_id, return_url=return_url)
