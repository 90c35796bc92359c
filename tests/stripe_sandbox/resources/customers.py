"""Customers and their credit balance."""

from __future__ import annotations

import secrets
from typing import Any, Final

from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import wrong
from tests.stripe_sandbox.lists import page, search
from tests.stripe_sandbox.resources import subscriptions
from tests.stripe_sandbox.world import World

PLAIN: Final = (
    *("address", "description", "email", "name", "phone", "preferred_locales", "tax_exempt"),
    *("balance", "next_invoice_sequence", "invoice_prefix"),
)
ADDRESS: Final = ("city", "country", "line1", "line2", "postal_code", "state")


def read(call: Call) -> dict[str, Any]:
    """Return the fields that the request sets."""
    if "@" not in (call.given.get("email") or "@"):
        email = call.given["email"]
        raise wrong(f"Invalid email address: {email}", "email", "email_invalid")
    made = call.fields(*PLAIN)
    if made.get("address"):
        made["address"] = {part: made["address"].get(part) or None for part in ADDRESS}
    return made


@answers("POST /v1/customers")
def create(call: Call) -> dict[str, Any]:
    call.named("test_helpers.test_clock", "test_clock")
    made = call.world.add(
        "customer",
        **{"balance": 0, "delinquent": False, "invoice_prefix": secrets.token_hex(4).upper()}
        | {"next_invoice_sequence": 1, "preferred_locales": [], "tax_exempt": "none"}
        | read(call)
        | call.fields("test_clock"),
        metadata=merged({}, call.given.get("metadata")),
        invoice_settings=settings({}, call),
    )
    token = call.given.get("payment_method")
    call.world.emit("customer.created", made)
    if token:
        from tests.stripe_sandbox.resources import methods

        methods.attach_to(call.world, token, made["id"])
    return made


def settings(old: dict[str, Any], call: Call) -> dict[str, Any]:
    base = {
        "custom_fields": None,
        "default_payment_method": None,
        "footer": None,
        "rendering_options": None,
    }
    given = dict(call.given.get("invoice_settings") or {})
    name = given.get("default_payment_method")
    if name:
        method = call.world.get("payment_method", name, "invoice_settings[default_payment_method]")
        if method["customer"] is None:
            raise wrong(
                "The customer does not have a payment method with the ID "
                f"{name}. The payment method must be attached to the customer.",
                "invoice_settings[default_payment_method]",
                "resource_missing",
            )
    return base | old | {key: value or None for key, value in given.items()}


@answers("GET /v1/customers")
def list_customers(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("customer"))


@answers("GET /v1/customers/search")
def search_customers(call: Call) -> dict[str, Any]:
    return search(call, call.world.all("customer"))


@answers("GET /v1/customers/{customer}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    found = call.world.objects["customer"].get(name)
    if found is not None and found.get("deleted"):
        return World.tombstone(found)
    return call.world.get("customer", name, "id")


@answers("POST /v1/customers/{customer}")
def update(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("customer", name)
    fields = read(call)
    if "metadata" in call.given:
        fields["metadata"] = merged(found["metadata"], call.given["metadata"])
    if "invoice_settings" in call.given:
        fields["invoice_settings"] = settings(found["invoice_settings"], call)
    call.world.change(found, "customer.updated", **fields)
    return found


@answers("DELETE /v1/customers/{customer}")
def delete(call: Call, name: str) -> dict[str, Any]:
    """Delete it; its subscriptions end at once, its cards are let go."""
    found = call.world.get("customer", name)
    for row in call.world.where("subscription", customer=name):
        subscriptions.end(call.world, row)
    for row in call.world.where("payment_method", customer=name):
        row["customer"] = None
        call.world.emit("payment_method.detached", row)
    call.world.emit("customer.deleted", found)
    return call.world.delete("customer", name)


@answers("POST /v1/customers/{customer}/balance_transactions")
def adjust_balance(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("customer", name)
    made = move_balance(call.world, found, call.given["amount"], call.given["currency"])
    made["description"] = call.given.get("description")
    made["metadata"] = merged({}, call.given.get("metadata"))
    return made


@answers("GET /v1/customers/{customer}/balance_transactions")
def list_balance(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("customer", name)
    return page(call, call.world.where("customer_balance_transaction", customer=found["id"]))


def move_balance(
    world: World,
    customer: dict[str, Any],
    amount: int,
    currency: str,
    kind: str = "adjustment",
    invoice: str | None = None,
) -> dict[str, Any]:
    """Change what the customer owes (+) or has good (−) with the next invoice."""
    if customer.get("currency") not in {None, currency}:
        raise wrong(f"The customer's currency is {customer['currency']}.", "currency")
    balance = customer["balance"] + amount
    made = world.add(
        "customer_balance_transaction",
        amount=amount,
        currency=currency,
        customer=customer["id"],
        ending_balance=balance,
        type=kind,
        invoice=invoice,
        metadata={},
        _clock=customer.get("test_clock"),
    )
    world.change(customer, "customer.updated", balance=balance, currency=currency)
    return made
