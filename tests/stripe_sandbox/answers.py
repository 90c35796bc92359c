"""How an object leaves the sandbox: what is asked to be expanded is, the rest are ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from tests.stripe_sandbox.errors import wrong
from tests.stripe_sandbox.world import PREFIXES, World, public

KIND_OF_PREFIX: Final = {
    prefix: kind for kind, prefix in PREFIXES.items() if prefix and kind != "line_item"
}
DEEPEST: Final = 4
# What is there only where it is asked for: a list that belongs to the object.
LISTS: Final[dict[tuple[str, str], Callable[[World, dict[str, Any]], list[dict[str, Any]]]]] = {
    ("customer", "subscriptions"): lambda world, one: [
        row
        for row in world.where("subscription", customer=one["id"])
        if row["status"] not in {"canceled", "incomplete_expired"}
    ],
    ("checkout.session", "line_items"): lambda world, one: one.get("_lines", []),
    ("invoice", "payments"): lambda world, one: world.where("invoice_payment", invoice=one["id"]),
    ("charge", "refunds"): lambda world, one: world.where("refund", charge=one["id"]),
}


def shown(world: World, body: Any, expand: Iterable[str]) -> Any:
    """Return the body as it goes out. Raises Stripe's 400 for what can't be expanded."""
    made = public(body)
    for path in expand:
        parts = path.split(".")
        if len(parts) > DEEPEST + (parts[0] == "data"):
            raise wrong(f"You cannot expand more than {DEEPEST} levels of a property.", "expand")
        _expand(world, made, parts, path)
    return made


def _expand(world: World, body: Any, parts: list[str], path: str) -> None:
    if isinstance(body, list):
        for one in body:
            _expand(world, one, parts, path)
        return
    if not isinstance(body, dict) or not parts:
        return
    name, *rest = parts
    get_list = LISTS.get((str(body.get("object")), name))
    if get_list is not None and not isinstance(body.get(name), dict):
        body[name] = _listed(world, body, name, get_list)
    if name not in body:
        raise wrong(f"This property cannot be expanded ({path}).", "expand")
    body[name] = _resolved(world, body[name])
    _expand(world, body[name], rest, path)


def _listed(world: World, body: dict[str, Any], name: str, get_list: Any) -> dict[str, Any]:
    kept = world.objects[body["object"]].get(body["id"], body)
    noun = {"checkout.session": "checkout/sessions"}.get(body["object"], body["object"] + "s")
    rows = public(get_list(world, kept))
    url = f"/v1/{noun}/{body['id']}/{name}"
    return {"object": "list", "data": rows, "has_more": False, "url": url}


def _resolved(world: World, value: Any) -> Any:
    if isinstance(value, list):
        return [_resolved(world, one) for one in value]
    if not isinstance(value, str):
        return value
    kind = KIND_OF_PREFIX.get(value.rsplit("_", 1)[0])
    found = world.objects[kind].get(value) if kind else world.objects["coupon"].get(value)
    if found is None:
        return value
    return world.tombstone(found) if found.get("deleted") else public(found)
