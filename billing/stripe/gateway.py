"""All that we ask of Stripe, in our own words. Asked between transactions, never inside one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, Protocol, cast
from uuid import UUID

from django.db import connection

from billing.stripe.values import (
    ChargeState,
    CheckoutOrder,
    CheckoutState,
    CustomerState,
    DisputeState,
    EventPage,
    IntentOrder,
    IntentState,
    InvoiceOrder,
    InvoiceState,
    Party,
    SubscriptionState,
)

__all__ = ["KEYS_KEPT_FOR", "Gateway", "Party", "guarded"]

KEYS_KEPT_FOR: Final = timedelta(hours=24)
"""For so long Stripe knows an idempotency key: later, what was done is found by its reference."""


class Gateway(Protocol):
    """Every method raises StripeUnavailable where it is not known whether it was done, and
    StripeRefused where it was not and won't be; a fetched thing that is not there is None.
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

    def customer(self, *, customer_id: str) -> CustomerState | None: ...

    def update_customer(self, *, customer_id: str, party: Party, idempotency_key: str) -> None: ...

    def set_payment_method(
        self, *, customer_id: str, payment_method: str, idempotency_key: str
    ) -> None:
        """Make it the one that the customer's invoices are paid with."""
        ...

    def delete_customer(self, *, customer_id: str, idempotency_key: str) -> bool:
        """Delete a customer; its subscriptions end with it. Return False where it was gone."""
        ...

    def create_checkout(self, *, order: CheckoutOrder, idempotency_key: str) -> CheckoutState: ...

    def checkout(self, *, checkout_id: str) -> CheckoutState | None: ...

    def expire_checkout(self, *, checkout_id: str, idempotency_key: str) -> None:
        """Close a page that nobody has bought on; one that is not open stays as it is."""
        ...

    def create_portal(self, *, customer_id: str, return_url: str) -> str:
        """Return the address of the customer's portal, good for minutes: a new one each time."""
        ...

    def create_intent(self, *, order: IntentOrder, idempotency_key: str) -> IntentState:
        """Ask for an amount, once a key. A card that is declined is a state, not an error."""
        ...

    def intent(self, *, intent_id: str) -> IntentState | None: ...

    def find_intents(
        self, *, customer_id: str, reference: UUID, since: datetime
    ) -> Sequence[IntentState]:
        """Return the customer's intents since then that carry our reference."""
        ...

    def cancel_intent(self, *, intent_id: str, idempotency_key: str) -> IntentState | None:
        """Cancel what was not paid; return what it is now."""
        ...

    def charge(self, *, charge_id: str) -> ChargeState | None: ...

    def dispute(self, *, dispute_id: str) -> DisputeState | None: ...

    def subscription(self, *, subscription_id: str) -> SubscriptionState | None: ...

    def cancel_subscription(self, *, subscription_id: str, idempotency_key: str) -> None:
        """End one at once, its unused part credited; one that has ended stays as it is."""
        ...

    def draft_invoice(self, *, order: InvoiceOrder, idempotency_key: str) -> InvoiceState:
        """Make an invoice that has no line yet and asks for nothing, once a key."""
        ...

    def find_invoices(
        self, *, customer_id: str, reference: UUID, since: datetime
    ) -> Sequence[InvoiceState]:
        """Return the customer's invoices since then that carry our reference."""
        ...

    def complete_invoice(
        self, *, invoice_id: str, order: InvoiceOrder, idempotency_key: str
    ) -> InvoiceState:
        """Put the lines that it lacks on a draft, and finalize it; one that is final stays as it
        is. Raises StripeRefused `lines_differ` where its total is not theirs: it stays a draft.
        """
        ...

    def pay_invoice(
        self, *, invoice_id: str, payment_method: str, idempotency_key: str
    ) -> InvoiceState:
        """Pay an open one with the card, without the customer there. A card that is declined is a
        state, not an error.
        """
        ...

    def invoice(self, *, invoice_id: str) -> InvoiceState | None: ...

    def void_invoice(self, *, invoice_id: str, idempotency_key: str) -> InvoiceState | None:
        """Void an open one, so that nobody pays it; return what it is now."""
        ...

    def events(self, *, since: datetime, before: str = "", limit: int = 100) -> EventPage:
        """Return the events since then, the newest first; `before`: those older than that one."""
        ...


class _Guarded:
    """Refuses to be asked within a transaction, whoever implements it."""

    def __init__(self, inner: Gateway) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self.inner, name)
        if not callable(asked):
            return asked

        @wraps(asked)
        def ask(**arguments: Any) -> Any:
            require_no_transaction()
            return asked(**arguments)

        return ask


def guarded(inner: Gateway) -> Gateway:
    """Return the gateway, so that it can't be asked within a transaction."""
    return cast("Gateway", _Guarded(inner))


def require_no_transaction() -> None:
    """Raise AssertionError within a transaction, other than one that a test wraps around itself."""
    blocks = getattr(connection, "atomic_blocks", [])
    ours = [block for block in blocks if not getattr(block, "_from_testcase", False)]
    if ours:
        raise AssertionError("Stripe is asked between transactions, never inside one.")
