"""Products and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import wrong
from tests.stripe_sandbox.lists import page, search
from tests.stripe_sandbox.world import World

PRODUCT: Final = (
    *("active", "description", "images", "marketing_features", "name", "package_dimensions"),
    *("shippable", "statement_descriptor", "tax_code", "unit_label", "url"),
)
LONGEST_INTERVAL: Final = {"day": 1095, "week": 156, "month": 36, "year": 3}


@answers("POST /v1/products")
def create_product(call: Call) -> dict[str, Any]:
    if call.given.get("id") in call.world.objects["product"]:
        raise wrong("Product already exists.", "id", "resource_already_exists")
    made = make_product(call.world, {**call.fields(*PRODUCT, "id")}, call.given.get("metadata"))
    inner = call.given.get("default_price_data")
    if inner:
        price = make_price(call.world, {**inner, "product": made["id"]}, "default_price_data")
        call.world.change(made, "product.updated", default_price=price["id"])
    return made


def make_product(world: World, fields: dict[str, Any], metadata: Any = None) -> dict[str, Any]:
    made = world.add(
        "product",
        **{"active": True, "images": [], "marketing_features": [], "updated": world.now()} | fields,
        metadata=merged({}, metadata),
    )
    world.emit("product.created", made)
    return made


@answers("GET /v1/products")
def list_products(call: Call) -> dict[str, Any]:
    ids = call.given.get("ids")
    rows = [row for row in call.world.all("product") if ids is None or row["id"] in ids]
    return page(call, rows, "active", "shippable", "url")


@answers("GET /v1/products/search")
def search_products(call: Call) -> dict[str, Any]:
    return search(call, call.world.all("product"))


@answers("GET /v1/products/{id}")
def retrieve_product(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("product", name)


@answers("POST /v1/products/{id}")
def update_product(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("product", name)
    fields = call.fields(*PRODUCT)
    if call.named("price", "default_price"):
        fields["default_price"] = call.given["default_price"]
    if "metadata" in call.given:
        fields["metadata"] = merged(found["metadata"], call.given["metadata"])
    if any(found.get(field) != value for field, value in fields.items()):
        fields["updated"] = call.world.now()
    call.world.change(found, "product.updated", **fields)
    return found


@answers("DELETE /v1/products/{id}")
def delete_product(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("product", name)
    if call.world.where("price", product=name):
        raise wrong(
            "This product cannot be deleted because it has one or more user-created prices."
        )
    call.world.emit("product.deleted", found)
    return call.world.delete("product", name)


@answers("POST /v1/prices")
def create_price(call: Call) -> dict[str, Any]:
    given = dict(call.given)
    inner = given.pop("product_data", None)
    if ("product" in given) == bool(inner):
        raise wrong("You must specify either `product` or `product_data`.", "product")
    if inner:
        fields = {key: value for key, value in inner.items() if key != "metadata"}
        given["product"] = make_product(call.world, fields, inner.get("metadata"))["id"]
    else:
        call.named("product", "product")
    given.pop("expand", None)
    return make_price(call.world, given)


def make_price(world: World, given: dict[str, Any], where: str = "") -> dict[str, Any]:
    """Keep a price. `where` is the parameter that holds its fields, if one does."""
    tiers = given.get("tiers")
    given = {key: value for key, value in given.items() if key not in {"tiers", "expand"}}
    if given.pop("transfer_lookup_key", False):
        for row in world.where("price", lookup_key=given.get("lookup_key")):
            world.change(row, "price.updated", lookup_key=None)
    if given.get("lookup_key") and world.where("price", lookup_key=given["lookup_key"]):
        key = given["lookup_key"]
        raise wrong(f"A price already uses the lookup key `{key}`.", "lookup_key")
    scheme = given.setdefault("billing_scheme", "per_unit")
    if scheme == "per_unit":
        given |= unit_amounts(given, f"{where}[unit_amount]" if where else "unit_amount")
    elif not tiers or "tiers_mode" not in given:
        raise wrong("`billing_scheme=tiered` needs `tiers` and `tiers_mode`.", "tiers")
    given["recurring"] = recurring(given.get("recurring"))
    made = world.add(
        "price",
        **{"active": True, "tax_behavior": "unspecified"}
        | given
        | {"currency": given["currency"].lower()}
        | {"metadata": merged({}, given.get("metadata"))}
        | {"type": "recurring" if given["recurring"] else "one_time"},
        _tiers=tiers,
    )
    world.emit("price.created", made)
    return made


def unit_amounts(given: dict[str, Any], param: str) -> dict[str, Any]:
    if "unit_amount" not in given and "unit_amount_decimal" not in given:
        raise wrong(f"Missing required param: {param}.", param, "parameter_missing")
    exact = Decimal(str(given.get("unit_amount", given.get("unit_amount_decimal"))))
    if exact < 0:
        raise wrong("Invalid non-negative integer", param, "parameter_invalid_integer")
    whole = exact == exact.to_integral_value()
    return {
        "unit_amount": int(exact) if whole else None,
        "unit_amount_decimal": str(int(exact)) if whole else format(exact.normalize(), "f"),
    }


def recurring(given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    count = given.get("interval_count", 1)
    if not 1 <= count <= LONGEST_INTERVAL[given["interval"]]:
        raise wrong("The interval may be at most three years.", "recurring[interval_count]")
    kept = {key: value for key, value in given.items() if key != "trial_period_days"}
    return {"interval_count": 1, "meter": None, "usage_type": "licensed"} | kept


@answers("GET /v1/prices")
def list_prices(call: Call) -> dict[str, Any]:
    keys = call.given.get("lookup_keys")
    rows = [row for row in call.world.all("price") if keys is None or row["lookup_key"] in keys]
    return page(call, rows, "active", "currency", "product", "type")


@answers("GET /v1/prices/search")
def search_prices(call: Call) -> dict[str, Any]:
    return search(call, call.world.all("price"))


@answers("GET /v1/prices/{price}")
def retrieve_price(call: Call, name: str) -> dict[str, Any]:
    return with_tiers(call, call.world.get("price", name))


def with_tiers(call: Call, found: dict[str, Any]) -> dict[str, Any]:
    """Return it with its steps, where they were asked for: Stripe leaves them out."""
    if "tiers" not in call.given.get("expand", ()) or not found.get("_tiers"):
        return found
    steps = [
        {"flat_amount": None, "flat_amount_decimal": None, "unit_amount": None}
        | {"unit_amount_decimal": None}
        | {key: value for key, value in step.items() if key != "up_to"}
        | {"up_to": None if step["up_to"] == "inf" else step["up_to"]}
        for step in found["_tiers"]
    ]
    return {**found, "tiers": steps}


@answers("POST /v1/prices/{price}")
def update_price(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("price", name)
    fields = call.fields("active", "lookup_key", "nickname", "tax_behavior")
    product = call.world.objects["product"][found["product"]]
    if fields.get("active") is False and product["default_price"] == name:
        raise wrong(
            "This price cannot be archived because it is the default price of its product.",
            "active",
        )
    if "metadata" in call.given:
        fields["metadata"] = merged(found["metadata"], call.given["metadata"])
    call.world.change(found, "price.updated", **fields)
    return found
