"""Coupons, promotion codes, and the discounts that they give."""

from __future__ import annotations

from typing import Any

from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import wrong
from tests.stripe_sandbox.lists import page
from tests.stripe_sandbox.world import World, new_id


@answers("POST /v1/coupons")
def create(call: Call) -> dict[str, Any]:
    given = {key: value for key, value in call.given.items() if key not in {"expand", "metadata"}}
    if ("percent_off" in given) == ("amount_off" in given):
        raise wrong("You must pass exactly one of percent_off and amount_off.", "percent_off")
    if given.get("id") in call.world.objects["coupon"]:
        raise wrong("Coupon already exists.", "id", "resource_already_exists")
    given.setdefault("duration", "once")
    made = call.world.add(
        "coupon", **given, metadata=merged({}, call.given.get("metadata")), valid=True
    )
    call.world.emit("coupon.created", made)
    return made


@answers("GET /v1/coupons")
def list_coupons(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("coupon"))


@answers("GET /v1/coupons/{coupon}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("coupon", name)


@answers("POST /v1/coupons/{coupon}")
def update(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("coupon", name)
    fields = call.fields("name")
    if "metadata" in call.given:
        fields["metadata"] = merged(found["metadata"], call.given["metadata"])
    call.world.change(found, "coupon.updated", **fields)
    return found


@answers("DELETE /v1/coupons/{coupon}")
def delete(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("coupon", name)
    call.world.emit("coupon.deleted", found)
    return call.world.delete("coupon", name)


@answers("POST /v1/promotion_codes")
def create_code(call: Call) -> dict[str, Any]:
    given = call.given
    coupon = call.world.get("coupon", given["promotion"]["coupon"], "promotion[coupon]")
    made = call.world.add(
        "promotion_code",
        **call.fields("active", "expires_at", "max_redemptions", "customer"),
        code=given.get("code", new_id("coupon").upper()),
        promotion={"type": "coupon", "coupon": coupon["id"]},
        metadata=merged({}, given.get("metadata")),
        restrictions={
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
    )
    made["active"] = given.get("active", True)
    call.world.emit("promotion_code.created", made)
    return made


@answers("GET /v1/promotion_codes")
def list_codes(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("promotion_code"), "active", "code", "customer")


@answers("GET /v1/promotion_codes/{promotion_code}")
def retrieve_code(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("promotion_code", name)


@answers("POST /v1/promotion_codes/{promotion_code}")
def update_code(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("promotion_code", name)
    fields = call.fields("active")
    if "metadata" in call.given:
        fields["metadata"] = merged(found["metadata"], call.given["metadata"])
    call.world.change(found, "promotion_code.updated", **fields)
    return found


def discounts(world: World, asked: Any, **about: Any) -> list[str]:
    """Make the discounts that a request names; return their ids."""
    made = []
    for one in asked or []:
        code = one.get("promotion_code")
        name = one.get("coupon")
        if code:
            name = world.get("promotion_code", code)["promotion"]["coupon"]
        coupon = world.get("coupon", name, "discounts[coupon]")
        coupon["times_redeemed"] += 1
        discount = world.add(
            "discount",
            **about,
            promotion_code=code,
            source={"type": "coupon", "coupon": coupon["id"]},
            start=world.now(world.clock_of(about.get("customer"))),
        )
        made.append(discount["id"])
    return made


def taken_off(world: World, names: list[str], subtotal: int) -> int:
    """Return what the discounts take off a sum, the later ones off what the earlier left."""
    left = subtotal
    for name in names:
        coupon = world.objects["coupon"][world.objects["discount"][name]["source"]["coupon"]]
        percent = coupon.get("percent_off")
        off = (left * int(percent * 100) + 5000) // 10_000 if percent else coupon["amount_off"]
        left -= min(off, left)
    return subtotal - left
