"""Which events change something here, and by which kind of object they are read."""

from __future__ import annotations

from typing import Final

TYPES: Final = frozenset(
    {
        *("checkout.session.completed", "checkout.session.expired"),
        *("checkout.session.async_payment_succeeded",),
        *("customer.created", "customer.updated", "customer.deleted"),
        *(f"customer.subscription.{what}" for what in ("created", "updated", "deleted")),
        *(f"customer.subscription.{what}" for what in ("paused", "resumed", "trial_will_end")),
        *(f"invoice.{what}" for what in ("finalized", "paid", "payment_failed", "voided")),
        "invoice.marked_uncollectible",
        *("payment_intent.succeeded", "payment_intent.payment_failed"),
        *("payment_intent.processing", "payment_intent.canceled"),
        *("charge.refunded", "charge.dispute.created", "charge.dispute.closed"),
        *("charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"),
    }
)
FAMILIES: Final = ("price.", "product.")
OBJECTS: Final = frozenset(
    {
        *("checkout.session", "customer", "subscription", "invoice", "payment_intent"),
        *("charge", "dispute", "price", "product"),
    }
)


def is_handled(event_type: str, object_type: str) -> bool:
    """Say whether an event changes something here: of a type that we know, of such an object."""
    known = event_type in TYPES or event_type.startswith(FAMILIES)
    return known and object_type in OBJECTS
