"""Invoices: drafts with their lines, and the states after finalizing."""

from __future__ import annotations

from typing import Any, Final

from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import Refusal, wrong
from tests.stripe_sandbox.lists import page, search
from tests.stripe_sandbox.resources import coupons, invoice_items
from tests.stripe_sandbox.world import DAY, World, new_id

HOUR: Final = 3600
PLAIN: Final = (
    *("auto_advance", "collection_method", "custom_fields", "default_payment_method"),
    *("description", "footer", "statement_descriptor", "due_date"),
)


@answers("POST /v1/invoices")
def create(call: Call) -> dict[str, Any]:
    given = call.given
    customer = call.named("customer", "customer")
    if customer is None:
        raise wrong("Missing required param: customer.", "customer", "parameter_missing")
    subscription = call.named("subscription", "subscription")
    if given.get("collection_method") == "send_invoice" and not (
        "days_until_due" in given or "due_date" in given
    ):
        raise wrong("`send_invoice` needs `days_until_due` or `due_date`.", "days_until_due")
    taken = []
    if given.get("pending_invoice_items_behavior") == "include":
        taken = invoice_items.pending(call.world, customer["id"], given.get("currency"))
    currency = given.get("currency") or (taken[0]["currency"] if taken else None)
    fields = call.fields(*PLAIN) | {"_days_until_due": given.get("days_until_due")}
    made = draft(
        call.world,
        customer,
        currency=(currency or customer.get("currency") or "usd").lower(),
        reason="manual",
        subscription=subscription,
        **fields,
        metadata=merged({}, given.get("metadata")),
    )
    made["discounts"] = coupons.discounts(
        call.world, given.get("discounts"), invoice=made["id"], customer=customer["id"]
    )
    for item in taken:
        item["invoice"] = made["id"]
    compute(call.world, made)
    call.world.emit("invoice.created", made)
    return made


def draft(
    world: World,
    customer: dict[str, Any],
    *,
    currency: str,
    reason: str,
    subscription: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Make an empty one. With `auto_advance` Stripe finalizes it after an hour."""
    now = world.now(customer.get("test_clock"))
    given = {
        "account_country": "DE",
        "account_name": "Sandbox",
        "auto_advance": False,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "currency": currency,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [],
        "issuer": {"type": "self"},
        "lines": {"object": "list", "data": [], "has_more": False, "url": ""},
        "metadata": {},
        "parent": parent(subscription),
        "period_start": now,
        "period_end": now,
        "status": "draft",
    } | fields
    made = world.add("invoice", **given, customer=customer["id"], _clock=customer.get("test_clock"))
    made["test_clock"] = customer.get("test_clock")
    made["lines"]["url"] = f"/v1/invoices/{made['id']}/lines"
    made["_lines"] = []
    if made["auto_advance"]:
        made["automatically_finalizes_at"] = now + HOUR
    return made


def parent(subscription: dict[str, Any] | None) -> dict[str, Any] | None:
    if subscription is None:
        return None
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(subscription["metadata"]),
            "subscription": subscription["id"],
        },
        "type": "subscription_details",
    }


def subscription_of(invoice: dict[str, Any]) -> str | None:
    found = (invoice["parent"] or {}).get("subscription_details") or {}
    return found.get("subscription")


def compute(world: World, invoice: dict[str, Any]) -> None:
    """Write lines and sums anew from the invoice's items and the subscription's lines."""
    items = world.where("invoiceitem", invoice=invoice["id"])
    lines = [*invoice["_lines"], *(line_of(world, invoice, item) for item in reversed(items))]
    invoice["lines"]["data"] = lines
    subtotal = sum(line["amount"] for line in lines)
    off = coupons.taken_off(world, invoice["discounts"], max(0, subtotal))
    total = subtotal - off
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_excluding_tax=total,
        total_discount_amounts=[{"amount": off, "discount": invoice["discounts"][0]}]
        if off
        else [],
        total_taxes=[],
        amount_due=max(0, total),
        amount_remaining=max(0, total),
    )


def line_of(world: World, invoice: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    item.setdefault("_line", new_id("line_item"))
    source = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": None},
        "subscription": None,
    }
    return line(
        world,
        invoice,
        id=item["_line"],
        amount=item["amount"],
        description=item["description"],
        discountable=item["discountable"],
        metadata=item["metadata"] or {},
        period=item["period"],
        pricing=item["pricing"],
        quantity=item["quantity"],
        parent={"invoice_item_details": source, "type": "invoice_item_details"}
        | {"subscription_item_details": None},
    )


def line(world: World, invoice: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return world.make(
        "line_item",
        **{
            "currency": invoice["currency"],
            "discount_amounts": [],
            "discounts": [],
            "invoice": invoice["id"],
            "metadata": {},
            "pretax_credit_amounts": [],
            "quantity_decimal": str(fields.get("quantity") or 1),
            "subtotal": fields["amount"],
            "taxes": [],
        }
        | fields,
    )


@answers("GET /v1/invoices")
def list_invoices(call: Call) -> dict[str, Any]:
    rows = call.world.all("invoice")
    wanted = call.given.get("subscription")
    rows = iter([row for row in rows if wanted in {None, subscription_of(row)}])
    return page(call, rows, "customer", "status", "collection_method")


@answers("GET /v1/invoices/search")
def search_invoices(call: Call) -> dict[str, Any]:
    return search(call, call.world.all("invoice"))


@answers("GET /v1/invoices/{invoice}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("invoice", name, "invoice")


@answers("GET /v1/invoices/{invoice}/lines")
def list_lines(call: Call, name: str) -> dict[str, Any]:
    return page(call, call.world.get("invoice", name, "invoice")["lines"]["data"], "_none")


@answers("POST /v1/invoices/{invoice}")
def update(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("invoice", name, "invoice")
    fields = call.fields(*PLAIN)
    if found["status"] != "draft" and set(fields) - {"auto_advance", "default_payment_method"}:
        raise not_editable(found)
    if "metadata" in call.given:
        fields["metadata"] = merged(found["metadata"], call.given["metadata"])
    if "discounts" in call.given:
        about = {"invoice": name, "customer": found["customer"]}
        fields["discounts"] = coupons.discounts(call.world, call.given["discounts"] or [], **about)
    if fields.get("auto_advance") and found["status"] == "draft":
        fields["automatically_finalizes_at"] = call.world.now(found["test_clock"]) + HOUR
    call.world.change(found, "invoice.updated", **fields)
    if found["status"] == "draft":
        compute(call.world, found)
    return found


def not_editable(found: dict[str, Any]) -> Refusal:
    return wrong(
        f"Finalized invoices can't be updated in this way: this one is {found['status']}.",
        None,
        "invoice_not_editable",
    )


@answers("DELETE /v1/invoices/{invoice}")
def delete(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("invoice", name, "invoice")
    if found["status"] != "draft":
        raise wrong("You can only delete draft invoices.", None, "invoice_not_editable")
    for item in call.world.where("invoiceitem", invoice=name):
        call.world.delete("invoiceitem", item["id"])
    call.world.emit("invoice.deleted", found)
    return call.world.delete("invoice", name)


def due_date(invoice: dict[str, Any], now: int) -> int | None:
    days: int | None = invoice.get("_days_until_due")
    given: int | None = invoice["due_date"]
    return given if given or days is None else now + days * DAY
