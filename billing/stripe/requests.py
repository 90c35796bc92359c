"""What we tell Stripe, as its API takes it. Nothing else of a person ever leaves."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from billing.stripe.amounts import to_stripe
from billing.stripe.values import CheckoutOrder, IntentOrder, InvoiceOrder, Party, StripeInvoiceLine

LONGEST_LINE: Final = 500


def customer(party: Party, reference: UUID | None = None) -> dict[str, Any]:
    """Return a customer's e-mail, name and address, and which of our accounts it is."""
    said: dict[str, Any] = {"name": party.name, **({"email": party.email} if party.email else {})}
    if party.address:
        names = {**dict(party.address)}
        postal = names.pop("postalCode", None)
        said["address"] = {**names, **({"postal_code": postal} if postal else {})}
    if reference is not None:
        said["metadata"] = {"account": str(reference)}
    return said


def checkout(order: CheckoutOrder) -> dict[str, Any]:
    """Return a page: to subscribe at a price, to pay an amount once, or to note how to pay."""
    marks = {"checkout": str(order.reference)}
    if order.invoice is not None:
        marks["invoice"] = str(order.invoice)
    said: dict[str, Any] = {
        "customer": order.customer_id,
        "client_reference_id": str(order.reference),
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "metadata": marks,
    }
    if order.price_id:
        data: dict[str, Any] = {"metadata": marks}
        if order.trial_days:
            data["trial_period_days"] = order.trial_days
        items = [{"price": order.price_id, "quantity": 1}]
        return {**said, "mode": "subscription", "line_items": items, "subscription_data": data}
    if order.amount is not None:
        price = {
            "currency": order.currency.lower(),
            "unit_amount": to_stripe(order.amount),
            "product_data": {"name": order.description},
        }
        items = [{"price_data": price, "quantity": 1}]
        return {
            **said,
            "mode": "payment",
            "line_items": items,
            "payment_intent_data": {"metadata": marks, "setup_future_usage": "off_session"},
        }
    setup = {"setup_intent_data": {"metadata": marks}, "currency": order.currency.lower()}
    return {**said, "mode": "setup", **setup}


def intent(order: IntentOrder) -> dict[str, Any]:
    """Return an amount to take: at once by the method that is on file, or by the browser."""
    said: dict[str, Any] = {
        "amount": to_stripe(order.amount),
        "currency": order.amount.currency.lower(),
        "customer": order.customer_id,
        "description": order.description,
        "metadata": {
            "account": str(order.account),
            "invoice": str(order.invoice),
            "reference": str(order.reference),
        },
    }
    if order.payment_method:
        taken = {"payment_method": order.payment_method, "off_session": True, "confirm": True}
        return {**said, **taken}
    return {**said, "automatic_payment_methods": {"enabled": True}}


def invoice(order: InvoiceOrder) -> dict[str, Any]:
    """Return an invoice that holds nothing but the lines that will be put on it.

    We say when it is paid, and with what: Stripe does not advance it by itself.
    """
    return {
        "customer": order.customer_id,
        "currency": order.currency.lower(),
        "collection_method": "charge_automatically",
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "discounts": "",
        "description": order.description,
        "metadata": {
            "account": str(order.account),
            "invoice": str(order.invoice),
            "reference": str(order.reference),
        },
    }


def invoice_line(
    order: InvoiceOrder, invoice_id: str, number: int, line: StripeInvoiceLine
) -> dict[str, Any]:
    """Return one line of a draft; it says which of ours it is."""
    return {
        "customer": order.customer_id,
        "invoice": invoice_id,
        "currency": order.currency.lower(),
        "amount": to_stripe(line.amount),
        "description": line.description[:LONGEST_LINE],
        "discountable": False,
        "metadata": {"line": str(number)},
    }
