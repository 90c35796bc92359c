"""The part of the fake Stripe that leads: subscriptions, invoices, and what goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from billing.kernel.money import Money
from billing.stripe.errors import StripeRefused
from billing.stripe.values import (
    ChargeState,
    DisputeState,
    EventPage,
    InvoiceOrder,
    InvoiceState,
    SubscriptionState,
)
from tests.fakes.stripe_rows import Row, add, event_of, invoice_of


class Leading:
    """Subscriptions, invoices, charges, events. `_do` and `_state` are the fake's own."""

    decline: list[str]
    _do: Callable[..., Any]
    _state: Callable[..., Any]

    def charge(self, *, charge_id: str) -> ChargeState | None:
        row = self._fetch("charge", charge_id)
        if row is None:
            return None
        return ChargeState(
            id=charge_id,
            amount=Money(row["amount"], row["currency"]),
            refunded=Money(row.get("refunded", 0), row["currency"]),
            is_paid=True,
            intent_id=row.get("intent_id", ""),
            customer_id=row.get("customer_id", ""),
        )

    def dispute(self, *, dispute_id: str) -> DisputeState | None:
        row = self._fetch("dispute", dispute_id)
        if row is None:
            return None
        return DisputeState(
            id=dispute_id,
            charge_id=row["charge_id"],
            amount=Money(row["amount"], row["currency"]),
            status=row["status"],
        )

    def subscription(self, *, subscription_id: str) -> SubscriptionState | None:
        row = self._fetch("subscription", subscription_id)
        if row is None:
            return None
        said = row.get("reference")
        return SubscriptionState(
            id=subscription_id,
            customer_id=row["customer_id"],
            status=row["status"],
            price_id=row["price_id"],
            cancel_at_period_end=row.get("cancel_at_period_end", False),
            is_paused=row.get("is_paused", False),
            reference=UUID(said) if said else None,
        )

    def cancel_subscription(self, *, subscription_id: str, idempotency_key: str) -> None:
        def cancel(state: Row) -> None:
            if subscription_id in state["things"]:
                state["things"][subscription_id]["status"] = "canceled"

        self._do("cancel_subscription", {"id": subscription_id}, idempotency_key, cancel)

    def draft_invoice(self, *, order: InvoiceOrder, idempotency_key: str) -> InvoiceState:
        asked = {
            "reference": str(order.reference),
            "invoice": str(order.invoice),
            "customer_id": order.customer_id,
            "currency": order.currency,
        }

        def make(state: Row) -> Row:
            return add(state, "invoice", "in", status="draft", due=0, paid=0, lines={}, **asked)

        key = f"{idempotency_key}:make"
        return invoice_of(self._do("draft_invoice", asked, key, make))

    def find_invoices(
        self, *, customer_id: str, reference: UUID, since: datetime
    ) -> Sequence[InvoiceState]:
        def find(state: Row) -> list[Row]:
            rows = [row for row in state["things"].values() if row["kind"] == "invoice"]
            return [row for row in rows if row.get("reference") == str(reference)]

        return [invoice_of(row) for row in self._do("find_invoices", {}, "", find)]

    def complete_invoice(
        self, *, invoice_id: str, order: InvoiceOrder, idempotency_key: str
    ) -> InvoiceState:
        lines = {str(n): [x.description, x.amount.minor] for n, x in enumerate(order.lines)}

        def complete(state: Row) -> Row:
            row: Row = state["things"][invoice_id]
            if row["status"] != "draft":
                return row
            row["lines"] = lines | row["lines"]
            row["due"] = sum(minor for _, minor in row["lines"].values())
            if row["due"] != sum(line.amount.minor for line in order.lines):
                raise StripeRefused.because("lines_differ")
            row["status"] = "open"
            return row

        asked = {"id": invoice_id, "lines": lines}
        key = f"{idempotency_key}:complete"
        return invoice_of(self._do("complete_invoice", asked, key, complete))

    def pay_invoice(
        self, *, invoice_id: str, payment_method: str, idempotency_key: str
    ) -> InvoiceState:
        def pay(state: Row) -> Row:
            row: Row = state["things"][invoice_id]
            if row["status"] == "open":
                row["failure"] = self.decline.pop(0) if self.decline else ""
                row["method"] = payment_method
                row["tries"] = row.get("tries", 0) + 1
            if row["status"] == "open" and not row["failure"]:
                row |= {"status": "paid", "paid": row["due"], "intent_id": f"pi_of_{row['id']}"}
            return row

        asked = {"id": invoice_id, "method": payment_method}
        return invoice_of(self._do("pay_invoice", asked, idempotency_key, pay))

    def invoice(self, *, invoice_id: str) -> InvoiceState | None:
        row = self._fetch("invoice", invoice_id)
        return None if row is None else invoice_of(row)

    def void_invoice(self, *, invoice_id: str, idempotency_key: str) -> InvoiceState | None:
        def void(state: Row) -> Row:
            row: Row = state["things"][invoice_id]
            if row["status"] in {"open", "uncollectible"}:
                row["status"] = "void"
            return row

        return invoice_of(self._do("void_invoice", {"id": invoice_id}, idempotency_key, void))

    def events(self, *, since: datetime, before: str = "", limit: int = 100) -> EventPage:
        def find(state: Row) -> list[Row]:
            rows = [row for row in state["things"].values() if row["kind"] == "event"]
            return [row for row in rows if row["created"] >= int(since.timestamp())]

        rows = self._do("events", {}, "", find)[::-1]
        names = [row["id"] for row in rows]
        start = names.index(before) + 1 if before else 0
        page = rows[start : start + limit]
        return EventPage([event_of(row) for row in page], len(rows) > start + limit)

    def _fetch(self, kind: str, name: str) -> Row | None:
        def fetch(state: Row) -> Row | None:
            found = state["things"].get(name)
            return dict(found) if found and found["kind"] == kind else None

        found: Row | None = self._do(kind, {}, "", fetch)
        return found
