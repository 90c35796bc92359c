"""Paying through Stripe: how a tenant pays, what was asked of Stripe, what it told us."""

from paying.records import (
    Checkout,
    Collection,
    Intent,
    Profile,
    Receipt,
    Reconciliation,
    StripeEvent,
    StripeThing,
)

__all__ = [
    "Checkout",
    "Collection",
    "Intent",
    "Profile",
    "Receipt",
    "Reconciliation",
    "StripeEvent",
    "StripeThing",
]
