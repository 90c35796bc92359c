"""What Stripe answers, read into our own words. A field that may be expanded is an id or a dict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from billing.kernel.ids import UUID_FORM
from billing.stripe.amounts import from_stripe
from billing.stripe.values import (
    ChargeState,
    CheckoutState,
    CustomerState,
    DisputeState,
    EventState,
    IntentState,
    InvoiceState,
    Party,
    SubscriptionState,
)

Json = Mapping[str, Any]
NEEDS_CUSTOMER: Final = "authentication_required"


def customer(row: Json) -> CustomerState:
    settings = row.get("invoice_settings") or {}
    return CustomerState(
        id=row["id"],
        reference=_mark(row, "account"),
        is_deleted=bool(row.get("deleted")),
        payment_method=_id(settings.get("default_payment_method")),
        party=_party(row),
    )


def _party(row: Json) -> Party:
    address = {name: value for name, value in (row.get("address") or {}).items() if value}
    if "postal_code" in address:
        address["postalCode"] = address.pop("postal_code")
    return Party(row.get("email") or "", row.get("name") or "", address)


def checkout(row: Json) -> CheckoutState:
    setup = row.get("setup_intent")
    method = setup.get("payment_method") if isinstance(setup, Mapping) else None
    return CheckoutState(
        id=row["id"],
        url=row.get("url") or "",
        status=row.get("status") or "open",
        reference=_mark(row, "checkout"),
        customer_id=_id(row.get("customer")),
        subscription_id=_id(row.get("subscription")),
        payment_method=_id(method),
        intent_id=_id(row.get("payment_intent")),
    )


def intent(row: Json) -> IntentState:
    currency = row["currency"]
    error = row.get("last_payment_error") or {}
    return IntentState(
        id=row["id"],
        status=row["status"],
        amount=from_stripe(row["amount"], currency),
        received=from_stripe(row.get("amount_received") or 0, currency),
        reference=_mark(row, "reference"),
        invoice=_mark(row, "invoice"),
        customer_id=_id(row.get("customer")),
        client_secret=row.get("client_secret") or "",
        charge_id=_id(row.get("latest_charge")),
        failure=(error.get("decline_code") or error.get("code") or "")[:255],
    )


def charge(row: Json) -> ChargeState:
    return ChargeState(
        id=row["id"],
        amount=from_stripe(row["amount"], row["currency"]),
        refunded=from_stripe(row.get("amount_refunded") or 0, row["currency"]),
        is_paid=bool(row.get("paid")),
        is_disputed=bool(row.get("disputed")),
        intent_id=_id(row.get("payment_intent")),
        customer_id=_id(row.get("customer")),
    )


def dispute(row: Json) -> DisputeState:
    return DisputeState(
        id=row["id"],
        charge_id=_id(row["charge"]),
        amount=from_stripe(row["amount"], row["currency"]),
        status=row["status"],
        reason=row.get("reason") or "",
    )


def subscription(row: Json) -> SubscriptionState:
    items = (row.get("items") or {}).get("data") or []
    price = items[0].get("price") if items else None
    ends = row.get("trial_end")
    return SubscriptionState(
        id=row["id"],
        customer_id=_id(row.get("customer")),
        status=row["status"],
        price_id=_id(price),
        cancel_at_period_end=bool(row.get("cancel_at_period_end")),
        trial_end=None if ends is None else datetime.fromtimestamp(ends, UTC),
        is_paused=bool(row.get("pause_collection")) or row["status"] == "paused",
        reference=_mark(row, "checkout"),
    )


def invoice(row: Json) -> InvoiceState:
    currency = row["currency"]
    parent = (row.get("parent") or {}).get("subscription_details") or {}
    payment = _payment(row)
    return InvoiceState(
        id=row["id"],
        status=row.get("status") or "draft",
        customer_id=_id(row.get("customer")),
        due=from_stripe(row.get("amount_due") or 0, currency),
        paid=from_stripe(row.get("amount_paid") or 0, currency),
        subscription_id=_id(parent.get("subscription")),
        reference=_mark(row, "reference"),
        invoice=_mark(row, "invoice"),
        intent_id=_id(payment),
        charge_id=_id(payment.get("latest_charge")),
        payment=payment.get("status") or "",
        failure=_failure(payment),
        page=row.get("hosted_invoice_url") or "",
    )


def _payment(row: Json) -> Json:
    """Return the payment intent behind an invoice, as far as the answer holds it."""
    payments = (row.get("payments") or {}).get("data") or []
    for one in payments:
        found = (one.get("payment") or {}).get("payment_intent")
        if found:
            return found if isinstance(found, Mapping) else {"id": found}
    return {}


def _failure(intent: Json) -> str:
    """Return Stripe's code for why a payment was not paid; that the bank asks is one, too."""
    error = intent.get("last_payment_error") or {}
    asks = NEEDS_CUSTOMER if intent.get("status") == "requires_action" else ""
    return str(error.get("decline_code") or error.get("code") or asks)[:255]


def event(row: Json) -> EventState | None:
    """Read an event's head; None where it is none."""
    thing = _object(row)
    created = row.get("created")
    texts = (row.get("id"), row.get("type"))
    if not all(isinstance(text, str) and 0 < len(text) <= 255 for text in texts):
        return None
    if type(created) is not int or not 0 <= created < 2**33:
        return None
    kind, name = _short(thing.get("object")), _short(thing.get("id"))
    return EventState(
        id=str(row["id"]),
        type=str(row["type"]),
        object_type=kind,
        object_id=name,
        customer_id=name if kind == "customer" else _short(_id(thing.get("customer"))),
        livemode=row.get("livemode") is True,
        api_version=_short(row.get("api_version")),
        created_at=datetime.fromtimestamp(created, UTC),
        intent_id=_short(_id(thing.get("payment_intent"))),
    )


def _object(row: Json) -> Json:
    """Return what the event is about, as far as it is an object at all."""
    data = row.get("data")
    thing = data.get("object") if isinstance(data, Mapping) else None
    return thing if isinstance(thing, Mapping) else {}


def _short(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 255 else ""


def _id(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else ""


def _mark(row: Json, name: str) -> UUID | None:
    """Return one of our ids that the thing carries; what we did not write there is nothing."""
    said = (row.get("metadata") or {}).get(name)
    return UUID(said) if isinstance(said, str) and UUID_FORM.fullmatch(said) else None
