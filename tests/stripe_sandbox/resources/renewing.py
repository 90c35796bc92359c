"""The bills of subscriptions: the first one, each period's, and those of changes between."""

from __future__ import annotations

from typing import Any

from tests.stripe_sandbox.calls import Call
from tests.stripe_sandbox.errors import Refusal, wrong
from tests.stripe_sandbox.resources import collecting, invoice_items, invoices, methods, recurrence
from tests.stripe_sandbox.resources import subscriptions as subs
from tests.stripe_sandbox.world import World, public


def first_payment(world: World, about: dict[str, Any], behavior: str) -> None:
    """Charge the first invoice; what is not paid leaves it incomplete."""
    invoice = bill(world, about, "subscription_create", finalize=True)
    if invoice["status"] != "open":
        return
    if about["collection_method"] == "send_invoice":
        world.change(about, "customer.subscription.updated", status="active")
    elif behavior != "default_incomplete":
        try_to_pay(world, invoice)


def refuse_early(world: World, customer: dict[str, Any], named: str | None) -> None:
    """Raise the decline that the first payment would meet: then nothing is made at all."""
    method = methods.default_of(world, customer["id"], named)
    if method is None:
        raise wrong("This customer has no attached payment source or default payment method.")
    card = methods.card_of(method)
    asks = card.asks == "always" or (card.asks == "setup" and not method["_is_set_up"])
    if card.declines or asks:
        raise methods.decline(card.declines or "authentication_required")


def try_to_pay(world: World, invoice: dict[str, Any]) -> Refusal | None:
    try:
        collecting.pay(world, invoice)
    except Refusal as refusal:
        return refusal
    return None


def bill(
    world: World, about: dict[str, Any], reason: str, *, finalize: bool = False
) -> dict[str, Any]:
    """Make the invoice of the current period with what waits for it."""
    customer = world.objects["customer"][about["customer"]]
    made = invoices.draft(
        world,
        customer,
        currency=about["currency"],
        reason=reason,
        subscription=about,
        auto_advance=True,
        collection_method=about["collection_method"],
        _days_until_due=about["days_until_due"],
    )
    on_trial = about["status"] == "trialing"
    made["_lines"] = [
        line_of(world, made, about, item, free=on_trial) for item in about["items"]["data"]
    ]
    made["discounts"] = list(about["discounts"])
    for item in invoice_items.pending(world, about["customer"], about["currency"]):
        item["invoice"] = made["id"]
    invoices.compute(world, made)
    about["latest_invoice"] = made["id"]
    world.emit("invoice.created", made)
    if finalize or on_trial:
        collecting.finalize(world, made)
    return made


def line_of(
    world: World,
    invoice: dict[str, Any],
    about: dict[str, Any],
    item: dict[str, Any],
    *,
    free: bool,
) -> dict[str, Any]:
    price, quantity = item["price"], item.get("quantity", 0)
    product = world.objects["product"][price["product"]]
    source = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": about["id"],
        "subscription_item": item["id"],
    }
    return invoices.line(
        world,
        invoice,
        amount=0 if free else amount_of(price, quantity),
        description=f"{quantity} × {product['name']}",
        discountable=True,
        period={"start": item["current_period_start"], "end": item["current_period_end"]},
        pricing=invoice_items.pricing_of(
            price["id"], price["product"], price["unit_amount_decimal"]
        ),
        quantity=quantity,
        subscription=about["id"],
        parent={"subscription_item_details": source, "type": "subscription_item_details"}
        | {"invoice_item_details": None},
    )


def amount_of(price: dict[str, Any], quantity: int) -> int:
    given = {"price_data": {**price, "unit_amount": price["unit_amount_decimal"] or 0}}
    return int(invoice_items.priced(None, {**given, "quantity": quantity})["amount"])  # type: ignore[arg-type]


def renew(world: World, about: dict[str, Any]) -> None:
    """Begin the next period: its invoice is a draft for an hour, then it is charged."""
    _, ended = subs.period_of(about)
    if about["cancel_at_period_end"] or (about["cancel_at"] or ended + 1) <= ended:
        subs.end(world, about)
        return
    was_trial, before = about["status"] == "trialing", public(about["items"])
    if was_trial and not may_go_on(world, about):
        return
    recurring = about["items"]["data"][0]["price"]["recurring"]
    end = recurrence.next_end(about["billing_cycle_anchor"], recurring, ended)
    for item in about["items"]["data"]:
        item["current_period_start"], item["current_period_end"] = ended, end
    previous = {"items": before} | ({"status": "trialing"} if was_trial else {})
    if was_trial:
        about["status"] = "active"
    world.emit("customer.subscription.updated", about, previous)
    if about["status"] != "unpaid":
        bill(world, about, "subscription_cycle")


def may_go_on(world: World, about: dict[str, Any]) -> bool:
    """Whether a trial that ends without a card goes on; else it is ended or paused as asked."""
    behavior = about["trial_settings"]["end_behavior"]["missing_payment_method"]
    card = methods.default_of(world, about["customer"], about["default_payment_method"])
    if card is not None or behavior == "create_invoice":
        return True
    if behavior == "cancel":
        subs.end(world, about)
    else:
        world.change(about, "customer.subscription.paused", status="paused")
    return False


def end_trial(world: World, about: dict[str, Any]) -> None:
    now = world.now(about["test_clock"])
    about.update(trial_end=now, billing_cycle_anchor=now)
    for item in about["items"]["data"]:
        item["current_period_end"] = now
    renew(world, about)


def note_cancellation(world: World, about: dict[str, Any], fields: dict[str, Any]) -> None:
    """Set what goes with a planned end, or with taking it back."""
    if "cancel_at_period_end" not in fields:
        return
    planned = fields["cancel_at_period_end"]
    fields["cancel_at"] = subs.period_of(about)[1] if planned else None
    fields["canceled_at"] = world.now(about["test_clock"]) if planned else None
    reason = "cancellation_requested" if planned else None
    fields["cancellation_details"] = {"comment": None, "feedback": None, "reason": reason}


def change_items(call: Call, about: dict[str, Any]) -> None:
    """Change prices and quantities; the rest of the period is credited and charged as items."""
    world, before = call.world, public(about["items"])
    prorates = call.given.get("proration_behavior", "create_prorations")
    for asked in call.given["items"]:
        change_item(call, about, asked, prorates)
    if not about["items"]["data"]:
        raise wrong("A subscription must have at least one active price.", "items")
    world.emit("customer.subscription.updated", about, {"items": before})
    if prorates == "always_invoice":
        invoice = bill_changes(world, about)
        try_to_pay(world, invoice)


def change_item(call: Call, about: dict[str, Any], asked: Any, prorates: str) -> None:
    rows, period = about["items"]["data"], subs.period_of(about)
    old = next((row for row in rows if row["id"] == asked.get("id")), None)
    if asked.get("id") and old is None:
        raise wrong(f"Invalid subscription_item id: {asked['id']}", "items[0][id]")
    if old is None:
        subs.add_item(call.world, about, subs.price_of(call.world, asked), asked, period)
        old = {**rows[-1], "quantity": 0}
        new: dict[str, Any] | None = rows[-1]
    elif asked.get("deleted"):
        rows.remove(old)
        new = None
    else:
        new = {**old, **{key: asked[key] for key in ("quantity",) if key in asked}}
        if "price" in asked or "price_data" in asked:
            new["price"] = subs.price_of(call.world, asked)
        rows[rows.index(old)] = new
        call.world.objects["subscription_item"][old["id"]] = new
    if prorates != "none" and about["status"] != "trialing":
        prorate(call.world, about, old, new)


def prorate(
    world: World, about: dict[str, Any], old: dict[str, Any], new: dict[str, Any] | None
) -> None:
    start, end = old["current_period_start"], old["current_period_end"]
    now = world.now(about["test_clock"])
    customer = world.objects["customer"][about["customer"]]
    for item, sign in ((old, -1), (new, 1)):
        if item is None or not item.get("quantity"):
            continue
        whole = amount_of(item["price"], item["quantity"])
        part = (whole * (end - now) * 2 + (end - start)) // ((end - start) * 2)
        words = "Unused time on" if sign < 0 else "Remaining time on"
        name = world.objects["product"][item["price"]["product"]]["name"]
        made = invoice_items.add(
            world,
            customer,
            amount=sign * part,
            currency=about["currency"],
            description=f"{words} {name}",
            period={"start": now, "end": end},
            proration=True,
        )
        world.emit("invoiceitem.created", made)


def bill_changes(world: World, about: dict[str, Any]) -> dict[str, Any]:
    customer = world.objects["customer"][about["customer"]]
    made = invoices.draft(
        world,
        customer,
        currency=about["currency"],
        reason="subscription_update",
        subscription=about,
        auto_advance=True,
    )
    for item in invoice_items.pending(world, about["customer"], about["currency"]):
        item["invoice"] = made["id"]
    about["latest_invoice"] = made["id"]
    invoices.compute(world, made)
    world.emit("invoice.created", made)
    collecting.finalize(world, made)
    return made
