"""Setup intents: keeping a card for later without a payment."""

from __future__ import annotations

import secrets
from typing import Any

from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import Refusal, wrong
from tests.stripe_sandbox.lists import page
from tests.stripe_sandbox.resources import methods
from tests.stripe_sandbox.world import World, public


def make(world: World, **fields: Any) -> dict[str, Any]:
    made = world.add(
        "setup_intent",
        **{
            "metadata": {},
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
            "usage": "off_session",
        }
        | fields,
    )
    made["client_secret"] = f"{made['id']}_secret_{secrets.token_hex(12)}"
    world.emit("setup_intent.created", made)
    return made


@answers("POST /v1/setup_intents")
def create(call: Call) -> dict[str, Any]:
    given = call.given
    call.named("customer", "customer")
    fields = call.fields("customer", "description", "usage", "payment_method_types")
    fields["metadata"] = merged({}, given.get("metadata"))
    if given.get("payment_method"):
        fields["payment_method"] = methods.resolve(call.world, given["payment_method"])["id"]
        fields["status"] = "requires_confirmation"
    made = make(call.world, **fields)
    if given.get("confirm"):
        confirm(call.world, made)
    return made


def confirm(world: World, intent: dict[str, Any]) -> None:
    """Keep the card with the customer, its bank asked. Raises its decline."""
    if not intent["payment_method"]:
        raise wrong("You cannot confirm this SetupIntent: it is missing a payment method.")
    method = world.objects["payment_method"][intent["payment_method"]]
    if not methods.card_of(method).attaches:
        refusal = methods.decline(methods.card_of(method).declines)
        intent.update(status="requires_payment_method", last_setup_error=dict(refusal.error))
        world.emit("setup_intent.setup_failed", intent)
        refusal.error["setup_intent"] = public(intent)
        raise refusal
    method["_is_set_up"] = True
    if intent["customer"]:
        methods.attach_to(world, method["id"], intent["customer"])
    intent["status"] = "succeeded"
    world.emit("setup_intent.succeeded", intent)


@answers("GET /v1/setup_intents")
def list_intents(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("setup_intent"))


@answers("GET /v1/setup_intents/{intent}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("setup_intent", name, "intent")


@answers("POST /v1/setup_intents/{intent}/confirm")
def confirm_intent(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("setup_intent", name, "intent")
    if found["status"] == "succeeded":
        raise Refusal(
            400,
            "You cannot confirm this SetupIntent because it has already succeeded.",
            code="setup_intent_unexpected_state",
        )
    if call.given.get("payment_method"):
        found["payment_method"] = methods.resolve(call.world, call.given["payment_method"])["id"]
    confirm(call.world, found)
    return found
