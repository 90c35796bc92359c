"""Checkout sessions: what is to be bought, and what completing one makes."""

from __future__ import annotations

from typing import Any, Final

from tests.stripe_sandbox import document
from tests.stripe_sandbox.calls import Call, answers, found, merged
from tests.stripe_sandbox.errors import Refusal, missing, wrong
from tests.stripe_sandbox.lists import page
from tests.stripe_sandbox.resources import (
    catalogue,
    methods,
    payments,
    renewing,
    setups,
    subscriptions,
)
from tests.stripe_sandbox.world import DAY, World

PLAIN: Final = (
    *("allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id"),
    *("customer", "customer_creation", "customer_email", "locale", "payment_method_collection"),
    *("submit_type", "success_url"),
)


@answers("POST /v1/checkout/sessions")
def create(call: Call) -> dict[str, Any]:
    given, world = call.given, call.world
    mode = given.get("mode")
    check(call, mode)
    lines = [line_of(world, asked, n) for n, asked in enumerate(given.get("line_items", []))]
    if mode == "subscription":
        subscriptions.check_prices([line["price"] for line in lines])
    total = sum(line["amount_total"] for line in lines)
    currency = lines[0]["currency"] if lines else given.get("currency")
    made = world.add(
        "checkout.session",
        **{"ui_mode": "hosted_page", "customer_creation": None} | call.fields(*PLAIN),
        amount_subtotal=None if mode == "setup" else total,
        amount_total=None if mode == "setup" else total,
        currency=currency,
        expires_at=given.get("expires_at", world.now() + DAY),
        metadata=merged({}, given.get("metadata")),
        mode=mode,
        payment_method_types=["card"],
        payment_status="unpaid" if total else "no_payment_required",
        status="open",
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        shipping_options=[],
        _lines=lines,
        _given=given,
    )
    made["url"] = f"{world.base_url}/pay/{made['id']}"
    return made


def check(call: Call, mode: str | None) -> None:
    given = call.given
    customer = call.named("customer", "customer")
    if customer and "customer_email" in given:
        raise wrong("You may only specify one of these parameters: customer, customer_email.")
    if mode is None:
        raise wrong("Missing required param: mode.", "mode", "parameter_missing")
    if "success_url" not in given:
        raise wrong("Missing required param: success_url.", "success_url", "parameter_missing")
    for name in ("success_url", "cancel_url"):
        if name in given and not given[name].startswith(("http://", "https://")):
            raise wrong("Not a valid URL", name, "url_invalid")
    if mode != "setup" and not given.get("line_items"):
        raise wrong("You must provide line_items.", "line_items", "parameter_missing")
    if mode != "subscription" and given.get("subscription_data"):
        raise wrong("You can not pass `subscription_data` in this mode.", "subscription_data")


def line_of(world: World, asked: Any, number: int) -> dict[str, Any]:
    where = f"line_items[{number}]"
    if asked.get("price_data"):
        fields = dict(asked["price_data"])
        inner = fields.pop("product_data", None)
        if inner:
            known = {key: value for key, value in inner.items() if key != "metadata"}
            fields["product"] = catalogue.make_product(world, known)["id"]
        price = catalogue.make_price(world, fields, f"{where}[price_data]")
    else:
        price = found(world, "price", asked.get("price", ""), f"{where}[price]")
    quantity = asked.get("quantity", 1)
    amount = renewing.amount_of(price, quantity)
    return world.make(
        "item",
        amount_subtotal=amount,
        amount_total=amount,
        currency=price["currency"],
        description=world.get("product", price["product"])["name"],
        discounts=[],
        metadata={},
        price=price,
        quantity=quantity,
        taxes=[],
    )


@answers("GET /v1/checkout/sessions")
def list_sessions(call: Call) -> dict[str, Any]:
    filters = ("customer", "payment_intent", "subscription", "status")
    return page(call, call.world.all("checkout.session"), *filters)


@answers("GET /v1/checkout/sessions/{session}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("checkout.session", name, "session")


@answers("GET /v1/checkout/sessions/{session}/line_items")
def list_lines(call: Call, name: str) -> dict[str, Any]:
    return page(call, call.world.get("checkout.session", name, "session")["_lines"], "_none")


@answers("POST /v1/checkout/sessions/{session}/expire")
def expire_session(call: Call, name: str) -> dict[str, Any]:
    session = call.world.get("checkout.session", name, "session")
    if session["status"] != "open":
        status = session["status"]
        raise wrong(f"Only Checkout Sessions with a status of `open` can be expired: {status}.")
    expire(call.world, session)
    return session


def expire(world: World, session: dict[str, Any]) -> None:
    session.update(status="expired", url=None)
    world.emit("checkout.session.expired", session)


def complete(world: World, name: str, token: str, email: str = "") -> dict[str, Any]:
    """A person pays with a card. Raises its decline; the session stays open."""
    session = world.get("checkout.session", name, "session")
    if session["status"] != "open":
        raise Refusal(400, f"This page is {session['status']}.")
    if token not in methods.CARDS:
        raise missing("PaymentMethod", token)
    customer = owner_of(world, session, email)
    method = methods.make(world, token, {"email": customer["email"], "name": customer["name"]})
    method["_is_set_up"] = True
    {"payment": buy, "subscription": subscribe, "setup": set_up}[session["mode"]](
        world, session, customer, method
    )
    session.update(status="complete", url=None)
    session["customer_details"] = document.blank(
        "payment_pages_checkout_session_customer_details",
        {"email": customer["email"], "name": customer["name"], "tax_exempt": "none"}
        | {"tax_ids": [], "address": customer["address"]},
    )
    world.emit("checkout.session.completed", session)
    return session


def owner_of(world: World, session: dict[str, Any], email: str) -> dict[str, Any]:
    if session["customer"]:
        return world.get("customer", session["customer"])
    made = world.add(
        "customer",
        balance=0,
        email=email or session["customer_email"] or "buyer@example.com",
        invoice_prefix=session["id"][-8:].upper(),
        invoice_settings={"custom_fields": None, "default_payment_method": None}
        | {"footer": None, "rendering_options": None},
        metadata={},
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
    )
    world.emit("customer.created", made)
    session["customer"] = made["id"]
    return made


def buy(
    world: World, session: dict[str, Any], customer: dict[str, Any], method: dict[str, Any]
) -> None:
    inner = session["_given"].get("payment_intent_data") or {}
    intent = payments.make(
        world,
        session["amount_total"],
        session["currency"],
        customer=customer["id"],
        payment_method=method["id"],
        metadata=merged({}, inner.get("metadata")),
        description=inner.get("description"),
        setup_future_usage=inner.get("setup_future_usage"),
    )
    intent["_authenticated"] = True
    session["payment_intent"] = intent["id"]
    payments.confirm(world, intent, off_session=False)
    session["payment_status"] = "paid"


def subscribe(
    world: World, session: dict[str, Any], customer: dict[str, Any], method: dict[str, Any]
) -> None:
    inner = session["_given"].get("subscription_data") or {}
    given = {
        "items": [
            {"price": line["price"]["id"], "quantity": line["quantity"]}
            for line in session["_lines"]
        ],
        "payment_behavior": "error_if_incomplete",
        "discounts": session["_given"].get("discounts"),
    } | {key: inner[key] for key in PASSED if key in inner}
    methods.attach_to(world, method["id"], customer["id"])
    fields = {"default_payment_method": method["id"], "description": inner.get("description")}
    made = subscriptions.start(world, customer, given, fields)
    session.update(subscription=made["id"], invoice=made["latest_invoice"])
    session["payment_status"] = "paid" if made["status"] == "active" else "no_payment_required"


PASSED: Final = (
    "metadata",
    "trial_end",
    "trial_period_days",
    "trial_settings",
    "billing_cycle_anchor",
)


def set_up(
    world: World, session: dict[str, Any], customer: dict[str, Any], method: dict[str, Any]
) -> None:
    inner = session["_given"].get("setup_intent_data") or {}
    intent = setups.make(
        world,
        customer=customer["id"],
        payment_method=method["id"],
        metadata=merged({}, inner.get("metadata")),
        description=inner.get("description"),
    )
    session["setup_intent"] = intent["id"]
    setups.confirm(world, intent)
