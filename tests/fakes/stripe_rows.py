"""The rows of the fake Stripe, and what the gateway makes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from billing.kernel.money import Money
from billing.stripe.values import CheckoutState, EventState, IntentState, InvoiceState

Row = dict[str, Any]


def add(state: Row, kind: str, prefix: str, **fields: Any) -> Row:
    state["made"] += 1
    made = f"{prefix}_{state['made']:06d}"
    row: Row = {"kind": kind, "id": made, **fields}
    state["things"][made] = row
    return row


def decide(row: Row, failure: str) -> None:
    row["failure"] = failure
    row["status"] = "requires_payment_method" if failure else "succeeded"


def checkout_of(row: Row) -> CheckoutState:
    is_open = row["status"] == "open"
    return CheckoutState(
        id=row["id"],
        url=f"https://checkout.stripe.example/c/{row['id']}" if is_open else "",
        status=row["status"],
        reference=UUID(row["reference"]),
        customer_id=row["customer_id"],
        subscription_id=row.get("subscription_id", ""),
        payment_method=row.get("payment_method", ""),
    )


def intent_of(row: Row) -> IntentState:
    amount = Money(row["amount"], row["currency"])
    paid = row["status"] == "succeeded"
    said, invoice = row.get("reference"), row.get("invoice")
    return IntentState(
        id=row["id"],
        status=row["status"],
        amount=amount,
        received=amount if paid else Money.zero(row["currency"]),
        reference=UUID(said) if said else None,
        invoice=UUID(invoice) if invoice else None,
        customer_id=row["customer_id"],
        client_secret=f"{row['id']}_secret_fake",
        charge_id=f"ch_{row['id']}" if paid else "",
        failure=row.get("failure", ""),
    )


def invoice_of(row: Row) -> InvoiceState:
    said, reference = row.get("invoice"), row.get("reference")
    return InvoiceState(
        id=row["id"],
        status=row["status"],
        customer_id=row["customer_id"],
        due=Money(row["due"], row["currency"]),
        paid=Money(row["paid"], row["currency"]),
        subscription_id=row.get("subscription_id", ""),
        invoice=UUID(said) if said else None,
        reference=UUID(reference) if reference else None,
        intent_id=row.get("intent_id", ""),
        payment=row.get("payment", ""),
        failure=row.get("failure", ""),
        page=f"https://invoice.stripe.example/{row['id']}" if row["status"] == "open" else "",
    )


def event_of(row: Row) -> EventState:
    return EventState(
        id=row["id"],
        type=row["type"],
        object_type=row["object_type"],
        object_id=row["object_id"],
        customer_id="",
        livemode=False,
        api_version="2026-08-26.dahlia",
        created_at=datetime.fromtimestamp(row["created"], UTC),
    )
