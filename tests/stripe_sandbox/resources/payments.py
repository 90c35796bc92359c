"""Payment intents: from what is asked for to a charge, a decline, or the bank's question."""

from __future__ import annotations

import secrets
from typing import Any, Final

from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import Refusal, wrong
from tests.stripe_sandbox.lists import page, search
from tests.stripe_sandbox.resources import charges, methods
from tests.stripe_sandbox.world import World, public

# The least that is charged, in minor units, as Stripe's page on currencies lists it.
LEAST: Final = {
    "aed": 200,
    "aud": 50,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "sek": 300,
    "sgd": 50,
    "thb": 1000,
    "usd": 50,
}
MOST: Final = 99_999_999
PLAIN: Final = (
    *("customer", "description", "receipt_email", "setup_future_usage", "statement_descriptor"),
    *("capture_method", "confirmation_method"),
)
OPEN: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


def least(currency: str) -> int:
    return LEAST.get(currency, 1)


def check_amount(amount: int, currency: str) -> None:
    if amount < least(currency):
        raise wrong(
            f"Amount must convert to at least {least(currency)} {currency} in minor units.",
            "amount",
            "amount_too_small",
        )
    if amount > MOST:
        raise wrong(f"Amount must be no more than {MOST}.", "amount", "amount_too_large")


def make(world: World, amount: int, currency: str, **fields: Any) -> dict[str, Any]:
    check_amount(amount, currency)
    made = world.add(
        "payment_intent",
        **{
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "capture_method": "automatic_async",
            "confirmation_method": "automatic",
            "currency": currency,
            "metadata": {},
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
        }
        | fields,
        _clock=world.clock_of(fields.get("customer")),
    )
    made["client_secret"] = f"{made['id']}_secret_{secrets.token_hex(12)}"
    if made["payment_method"]:
        made["status"] = "requires_confirmation"
    world.emit("payment_intent.created", made)
    return made


@answers("POST /v1/payment_intents")
def create(call: Call) -> dict[str, Any]:
    given = call.given
    call.named("customer", "customer")
    if given.get("off_session") and not given.get("confirm"):
        raise wrong("`off_session` can only be used with `confirm=true`.", "off_session")
    automatic = given.get("automatic_payment_methods")
    fields = call.fields(*PLAIN) | {"metadata": merged({}, given.get("metadata"))}
    if "payment_method_types" not in given:
        automatic = {"allow_redirects": "always", "enabled": True} | (automatic or {})
        fields["automatic_payment_methods"] = automatic
    if given.get("payment_method"):
        method = methods.resolve(call.world, given["payment_method"])
        require_owner(method, given.get("customer"))
        fields["payment_method"] = method["id"]
    made = make(call.world, given["amount"], given["currency"].lower(), **fields)
    if given.get("confirm"):
        confirm(call.world, made, off_session=is_off(given), return_url=given.get("return_url"))
        refuse_question(call.world, made, given)
    return made


def is_off(given: Any) -> bool:
    return given.get("off_session") in {True, "true", "one_off", "recurring"}


def refuse_question(world: World, made: dict[str, Any], given: Any) -> None:
    if given.get("error_on_requires_action") and made["status"] == "requires_action":
        made["status"] = "requires_payment_method"
        raise methods.decline("authentication_required", payment_intent=public(made))


def require_owner(method: dict[str, Any], customer: str | None) -> None:
    if method["customer"] is not None and method["customer"] != customer:
        raise wrong(
            f"The provided PaymentMethod ({method['id']}) belongs to a customer: give that customer"
            " with the PaymentIntent.",
            "payment_method",
        )


def confirm(
    world: World, intent: dict[str, Any], *, off_session: bool, return_url: str | None = None
) -> None:
    """Charge it. Raises the bank's decline; a question to the customer is a state, or a decline
    where they are away.
    """
    if intent["status"] not in OPEN:
        raise unexpected(intent, "confirm")
    if not intent["payment_method"]:
        raise wrong(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            None,
            "payment_intent_unexpected_state",
        )
    method = world.objects["payment_method"][intent["payment_method"]]
    card = methods.card_of(method)
    asks = card.asks == "always" or (card.asks == "setup" and not method["_is_set_up"])
    if asks and not intent.get("_authenticated"):
        if off_session:
            fail(world, intent, method, "authentication_required")
        ask_customer(world, intent, return_url)
    elif card.declines:
        fail(world, intent, method, card.declines)
    else:
        succeed(world, intent, method)


def ask_customer(world: World, intent: dict[str, Any], return_url: str | None) -> None:
    intent["status"] = "requires_action"
    url = f"{world.base_url}/pay/authenticate/{intent['id']}"
    intent["next_action"] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": return_url, "url": url},
    }
    world.emit("payment_intent.requires_action", intent)


def fail(world: World, intent: dict[str, Any], method: dict[str, Any], code: str) -> None:
    refusal = methods.decline(code)
    charge = charges.make(world, intent, method, failure=refusal.error)
    intent.update(
        status="requires_payment_method",
        latest_charge=charge["id"],
        payment_method=None,
        next_action=None,
        last_payment_error={**refusal.error, "charge": charge["id"]}
        | {"payment_method": public(method)},
    )
    world.emit("payment_intent.payment_failed", intent)
    refusal.error |= {"charge": charge["id"], "payment_intent": public(intent)}
    raise refusal


def succeed(world: World, intent: dict[str, Any], method: dict[str, Any]) -> None:
    charge = charges.make(world, intent, method)
    intent.update(
        status="succeeded",
        latest_charge=charge["id"],
        amount_received=intent["amount"],
        next_action=None,
        last_payment_error=None,
    )
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        method["customer"], method["_is_set_up"] = intent["customer"], True
        world.emit("payment_method.attached", method)
    world.emit("payment_intent.succeeded", intent)
    if methods.card_of(method).disputes:
        charges.open_dispute(world, charge["id"])


def authenticate(world: World, name: str, *, agrees: bool) -> dict[str, Any]:
    """Take the customer's answer to the bank's question."""
    intent = world.get("payment_intent", name)
    if intent["status"] != "requires_action":
        return intent
    if not agrees:
        intent.update(status="requires_payment_method", next_action=None, payment_method=None)
        intent["last_payment_error"] = methods.decline("authentication_required").error
        world.emit("payment_intent.payment_failed", intent)
        return intent
    intent["_authenticated"] = True
    confirm(world, intent, off_session=False)
    return intent


def unexpected(intent: dict[str, Any], verb: str) -> Refusal:
    return wrong(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        None,
        "payment_intent_unexpected_state",
    )


@answers("GET /v1/payment_intents")
def list_intents(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("payment_intent"))


@answers("GET /v1/payment_intents/search")
def search_intents(call: Call) -> dict[str, Any]:
    return search(call, call.world.all("payment_intent"))


@answers("GET /v1/payment_intents/{intent}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("payment_intent", name, "intent")


@answers("POST /v1/payment_intents/{intent}")
def update(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("payment_intent", name, "intent")
    if "metadata" in call.given:
        found["metadata"] = merged(found["metadata"], call.given["metadata"])
    fields = call.fields(*PLAIN, "amount", "currency")
    if fields and found["status"] not in OPEN:
        raise unexpected(found, "update")
    if call.given.get("payment_method"):
        fields["payment_method"] = methods.resolve(call.world, call.given["payment_method"])["id"]
        fields["status"] = "requires_confirmation"
    check_amount(fields.get("amount", found["amount"]), fields.get("currency", found["currency"]))
    found.update(fields)
    return found


@answers("POST /v1/payment_intents/{intent}/confirm")
def confirm_intent(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("payment_intent", name, "intent")
    if call.given.get("payment_method"):
        method = methods.resolve(call.world, call.given["payment_method"])
        require_owner(method, found["customer"])
        if found["status"] in OPEN:
            found["payment_method"] = method["id"]
    found.update(call.fields("setup_future_usage", "receipt_email"))
    return_url = call.given.get("return_url")
    confirm(call.world, found, off_session=is_off(call.given), return_url=return_url)
    refuse_question(call.world, found, call.given)
    settle_invoice(call.world, found)
    return found


def settle_invoice(world: World, intent: dict[str, Any]) -> None:
    """Pay the invoice that the intent was made for, if there is one."""
    from tests.stripe_sandbox.resources import collecting

    collecting.settle_from(world, intent)


@answers("POST /v1/payment_intents/{intent}/cancel")
def cancel(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("payment_intent", name, "intent")
    if found["status"] not in OPEN:
        raise unexpected(found, "cancel")
    if call.world.where("invoice_payment", _intent=name, status="open"):
        raise wrong("You cannot cancel this PaymentIntent because it belongs to an Invoice.")
    drop(call.world, found, call.given.get("cancellation_reason"))
    return found


def drop(world: World, intent: dict[str, Any], reason: str | None) -> None:
    at = world.now(world.clock_of(intent["customer"]))
    intent.update(status="canceled", canceled_at=at, cancellation_reason=reason, next_action=None)
    world.emit("payment_intent.canceled", intent)
