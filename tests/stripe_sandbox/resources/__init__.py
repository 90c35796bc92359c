"""What the sandbox answers, a module for each kind of object. Importing it fills the table."""

from tests.stripe_sandbox.resources import (
    accounts,
    catalogue,
    charges,
    checkout,
    clocks,
    collecting,
    coupons,
    customers,
    events,
    invoice_items,
    invoices,
    methods,
    payments,
    portal,
    setups,
    subscriptions,
)

__all__ = [
    "accounts",
    "catalogue",
    "charges",
    "checkout",
    "clocks",
    "collecting",
    "coupons",
    "customers",
    "events",
    "invoice_items",
    "invoices",
    "methods",
    "payments",
    "portal",
    "setups",
    "subscriptions",
]
