"""Invoice items: what stands on the next invoice, or on a draft that is named."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import wrong
from tests.stripe_sandbox.lists import page
from tests.stripe_sandbox.world import World


@answers("POST /v1/invoiceitems")
def create(call: Call) -> dict[str, Any]:
    """Take `amount`, or `quantity` times a price; no `invoice`: it waits for the next one."""
    given = call.given
    customer = call.named("customer", "customer")
    if customer is None:
        raise wrong("Missing required param: customer.", "customer", "parameter_missing")
    invoice = call.named("invoice", "invoice")
    if invoice is not None and invoice["status"] != "draft":
        raise wrong("You can't add items to an invoice that is not a draft.", "invoice")
    fields = priced(call.world, given)
    made = add(
        call.world,
        customer,
        **fields,
        description=given.get("description") or fields.pop("_name", None),
        invoice=given.get("invoice"),
        metadata=merged({}, given.get("metadata")),
        period=given.get("period"),
        discountable=given.get("discountable", True),
    )
    call.world.emit("invoiceitem.created", made)
    recompute(call.world, made)
    return made


def recompute(world: World, item: dict[str, Any]) -> None:
    from tests.stripe_sandbox.resources import invoices

    invoice = world.objects["invoice"].get(item["invoice"] or "")
    if invoice is not None:
        invoices.compute(world, invoice)
        world.emit("invoice.updated", invoice)


def priced(world: World, given: Any) -> dict[str, Any]:
    """Return amount, quantity, currency and pricing of what a request asks for."""
    quantity = given.get("quantity", 1)
    inner, named = given.get("price_data"), (given.get("pricing") or {}).get("price")
    if named:
        price = world.get("price", named, "pricing[price]")
        unit, currency = Decimal(price["unit_amount_decimal"]), price["currency"]
        pricing = pricing_of(price["id"], price["product"], price["unit_amount_decimal"])
    elif inner or "unit_amount_decimal" in given:
        source = inner or given
        unit = Decimal(str(source.get("unit_amount", source.get("unit_amount_decimal"))))
        currency, pricing = source.get("currency", "usd"), None
    else:
        if "amount" not in given or "currency" not in given:
            raise wrong("You must pass amount and currency, or a price.", "amount")
        unit, currency, pricing = Decimal(given["amount"]), given["currency"], None
        if "quantity" in given:
            raise wrong("You may not pass both amount and quantity.", "quantity")
    amount = int((unit * quantity).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return {
        "amount": amount,
        "currency": currency.lower(),
        "pricing": pricing,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
    }


def pricing_of(price: str, product: str, unit: str | None) -> dict[str, Any]:
    return {
        "price_details": {"price": price, "product": product},
        "type": "price_details",
        "unit_amount_decimal": unit,
    }


def add(world: World, customer: dict[str, Any], **fields: Any) -> dict[str, Any]:
    now = world.now(customer.get("test_clock"))
    fields["period"] = fields.get("period") or {"start": now, "end": now}
    base = {"quantity": 1, "quantity_decimal": "1", "discountable": True, "metadata": {}}
    return world.add(
        "invoiceitem",
        **base | fields,
        customer=customer["id"],
        date=now,
        discounts=[],
        tax_rates=[],
        test_clock=customer.get("test_clock"),
    )


def pending(world: World, customer: str, currency: str | None) -> list[dict[str, Any]]:
    rows = world.where("invoiceitem", customer=customer, invoice=None)
    return [row for row in reversed(rows) if currency in {None, row["currency"]}]


@answers("GET /v1/invoiceitems")
def list_items(call: Call) -> dict[str, Any]:
    rows = call.world.all("invoiceitem")
    if "pending" in call.given:
        rows = iter([row for row in rows if (row["invoice"] is None) == call.given["pending"]])
    return page(call, rows, "customer", "invoice")


@answers("GET /v1/invoiceitems/{invoiceitem}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("invoiceitem", name)


@answers("POST /v1/invoiceitems/{invoiceitem}")
def update(call: Call, name: str) -> dict[str, Any]:
    found = editable(call.world, name)
    found.update(call.fields("amount", "description", "discountable", "period"))
    if "metadata" in call.given:
        found["metadata"] = merged(found["metadata"], call.given["metadata"])
    recompute(call.world, found)
    return found


@answers("DELETE /v1/invoiceitems/{invoiceitem}")
def delete(call: Call, name: str) -> dict[str, Any]:
    found = editable(call.world, name)
    made = call.world.delete("invoiceitem", name)
    call.world.emit("invoiceitem.deleted", without_mark(found))
    recompute(call.world, found)
    return made


def without_mark(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "deleted"}


def editable(world: World, name: str) -> dict[str, Any]:
    found = world.get("invoiceitem", name)
    invoice = world.objects["invoice"].get(found["invoice"] or "")
    if invoice is not None and invoice["status"] != "draft":
        raise wrong("This invoice item is attached to an invoice that is no longer editable.")
    return found
