"""What the fake Stripe does with money: pages, payments, subscriptions, invoices, refunds.

A test does at Stripe's side what persons and banks do there: `buy`, `confirm`, `give_back` ….
`decline` is the code with which the next charges off session fail, oldest first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from billing.stripe.errors import StripeRefused
from billing.stripe.gateway import Party
from billing.stripe.values import (
    CheckoutOrder,
    CheckoutState,
    CustomerState,
    EventState,
    IntentOrder,
    IntentState,
)
from tests.fakes.stripe_leading import Leading
from tests.fakes.stripe_rows import Row, add, checkout_of, decide, event_of, intent_of

PRICES = {"price_pro", "price_basic"}


class Buying(Leading):
    """The part of the fake that is about money. `_do` and `_state` are the other part's."""

    decline: list[str]
    _do: Callable[..., Any]
    _state: Callable[..., Any]

    # What a test does, or sees.

    def things(self, kind: str) -> list[Row]:
        with self._state() as state:
            return [dict(row) for row in state["things"].values() if row["kind"] == kind]

    def set(self, name: str, /, **fields: Any) -> None:
        """Change a thing at Stripe's side."""
        with self._state() as state:
            row = state["things"].get(name) or state["customers"][name]
            row.update(fields)

    def put(self, kind: str, name: str, **fields: Any) -> str:
        """Have a thing there that we did not ask for."""
        with self._state() as state:
            state["things"][name] = {"kind": kind, "id": name, **fields}
        return name

    def buy(self, checkout_id: str, *, method: str = "pm_card_visa") -> None:
        """Complete a page as a person does, with a card that works."""
        with self._state() as state:
            page = state["things"][checkout_id]
            page["status"] = "complete"
            if page["price_id"]:
                name = f"sub_{checkout_id}"
                trial = bool(page["trial_days"])
                page["subscription_id"] = name
                state["things"][name] = {
                    "kind": "subscription",
                    "id": name,
                    "customer_id": page["customer_id"],
                    "status": "trialing" if trial else "active",
                    "price_id": page["price_id"],
                    "cancel_at_period_end": False,
                    "is_paused": False,
                    "reference": page["reference"],
                }
            else:
                page["payment_method"] = method

    def confirm(self, intent_id: str, *, failure: str = "") -> None:
        """Have the customer confirm a payment: it is paid, or fails."""
        with self._state() as state:
            row = state["things"][intent_id]
            decide(row, failure)

    def happened(self, kind: str, object_type: str, name: str, *, at: datetime) -> EventState:
        """Have an event there, as the list of events tells it."""
        with self._state() as state:
            state["made"] += 1
            made = f"evt_{state['made']:06d}"
            head = {"type": kind, "object_type": object_type, "object_id": name}
            when = int(at.timestamp())
            state["things"][made] = {"kind": "event", "id": made, "created": when, **head}
        return event_of(state["things"][made])

    # What the gateway asks.

    def customer(self, *, customer_id: str) -> CustomerState | None:
        def fetch(state: Row) -> Row | None:
            found: Row | None = state["customers"].get(customer_id)
            return found

        row = self._do("customer", {}, "", fetch)
        if row is None:
            return None
        said = row.get("reference")
        return CustomerState(
            id=customer_id,
            reference=UUID(said) if said else None,
            payment_method=row.get("payment_method", ""),
            party=Party(row.get("email", ""), row.get("name", ""), row.get("address") or {}),
        )

    def set_payment_method(
        self, *, customer_id: str, payment_method: str, idempotency_key: str
    ) -> None:
        def change(state: Row) -> None:
            if customer_id not in state["customers"]:
                raise StripeRefused
            state["customers"][customer_id]["payment_method"] = payment_method

        asked = {"id": customer_id, "method": payment_method}
        self._do("set_payment_method", asked, idempotency_key, change)

    def create_checkout(self, *, order: CheckoutOrder, idempotency_key: str) -> CheckoutState:
        asked = {
            "reference": str(order.reference),
            "customer_id": order.customer_id,
            "price_id": order.price_id,
            "trial_days": order.trial_days,
            "success_url": order.success_url,
            "cancel_url": order.cancel_url,
            "amount": order.amount.minor if order.amount else None,
            "currency": order.currency,
        }

        def make(state: Row) -> Row:
            if order.price_id and order.price_id not in PRICES:
                raise StripeRefused.because("resource_missing")
            return add(state, "checkout", "cs", status="open", **asked)

        return checkout_of(self._do("create_checkout", asked, idempotency_key, make))

    def checkout(self, *, checkout_id: str) -> CheckoutState | None:
        row = self._fetch("checkout", checkout_id)
        return None if row is None else checkout_of(row)

    def expire_checkout(self, *, checkout_id: str, idempotency_key: str) -> None:
        def expire(state: Row) -> None:
            row = state["things"][checkout_id]
            if row["status"] == "open":
                row["status"] = "expired"

        self._do("expire_checkout", {"id": checkout_id}, idempotency_key, expire)

    def create_portal(self, *, customer_id: str, return_url: str) -> str:
        def make(state: Row) -> str:
            if customer_id not in state["customers"]:
                raise StripeRefused
            return f"https://billing.stripe.example/p/{customer_id}"

        return str(self._do("create_portal", {}, "", make))

    def create_intent(self, *, order: IntentOrder, idempotency_key: str) -> IntentState:
        asked = {
            "reference": str(order.reference),
            "invoice": str(order.invoice),
            "customer_id": order.customer_id,
            "amount": order.amount.minor,
            "currency": order.amount.currency,
            "method": order.payment_method,
        }

        def make(state: Row) -> Row:
            row = add(state, "intent", "pi", status="requires_payment_method", **asked)
            row["created"] = len(state["things"])
            if order.payment_method:
                decide(row, self.decline.pop(0) if self.decline else "")
            return row

        return intent_of(self._do("create_intent", asked, idempotency_key, make))

    def intent(self, *, intent_id: str) -> IntentState | None:
        row = self._fetch("intent", intent_id)
        return None if row is None else intent_of(row)

    def find_intents(
        self, *, customer_id: str, reference: UUID, since: datetime
    ) -> Sequence[IntentState]:
        def find(state: Row) -> list[Row]:
            rows = [row for row in state["things"].values() if row["kind"] == "intent"]
            return [row for row in rows if row["reference"] == str(reference)]

        return [intent_of(row) for row in self._do("find_intents", {}, "", find)]

    def cancel_intent(self, *, intent_id: str, idempotency_key: str) -> IntentState | None:
        def cancel(state: Row) -> Row:
            row: Row = state["things"][intent_id]
            if row["status"] not in {"succeeded", "processing"}:
                row["status"] = "canceled"
            return row

        return intent_of(self._do("cancel_intent", {"id": intent_id}, idempotency_key, cancel))
