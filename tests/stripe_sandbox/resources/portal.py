"""Sessions of the customer portal."""

from __future__ import annotations

from typing import Any

from tests.stripe_sandbox import document
from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import wrong
from tests.stripe_sandbox.lists import page
from tests.stripe_sandbox.world import World


@answers("POST /v1/billing_portal/configurations")
def configure(call: Call) -> dict[str, Any]:
    made = configuration(call.world, is_default=False)
    made.update(call.fields("default_return_url", "name"))
    made["metadata"] = merged({}, call.given.get("metadata"))
    return made


def configuration(world: World, *, is_default: bool) -> dict[str, Any]:
    return world.add(
        "billing_portal.configuration",
        active=True,
        is_default=is_default,
        metadata={},
        updated=world.now(),
        business_profile=document.blank("portal_business_profile", {}),
        features=document.blank("portal_features", {}),
    )


def default_configuration(world: World) -> dict[str, Any]:
    made = world.where("billing_portal.configuration", is_default=True)
    return made[0] if made else configuration(world, is_default=True)


@answers("GET /v1/billing_portal/configurations")
def list_configurations(call: Call) -> dict[str, Any]:
    default_configuration(call.world)
    return page(call, call.world.all("billing_portal.configuration"), "active", "is_default")


@answers("GET /v1/billing_portal/configurations/{configuration}")
def retrieve_configuration(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("billing_portal.configuration", name)


@answers("POST /v1/billing_portal/sessions")
def create(call: Call) -> dict[str, Any]:
    customer = call.named("customer", "customer")
    if customer is None:
        raise wrong("Missing required param: customer.", "customer", "parameter_missing")
    named = call.named("billing_portal.configuration", "configuration")
    made = call.world.add(
        "billing_portal.session",
        configuration=(named or default_configuration(call.world))["id"],
        customer=customer["id"],
        url="",
        **call.fields("locale", "return_url"),
    )
    made["url"] = f"{call.world.base_url}/portal/{made['id']}"
    call.world.emit("billing_portal.session.created", made)
    return made
