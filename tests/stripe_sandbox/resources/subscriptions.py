"""Subscriptions and their states, as Stripe moves them."""

from __future__ import annotations

from typing import Any, Final

from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import Refusal, wrong
from tests.stripe_sandbox.lists import page, search
from tests.stripe_sandbox.resources import catalogue, coupons, recurrence
from tests.stripe_sandbox.world import DAY, World

PLAIN: Final = (
    *("cancel_at", "cancel_at_period_end", "collection_method", "days_until_due", "description"),
    *("default_payment_method",),
)
ENDED: Final = frozenset({"canceled", "incomplete_expired"})
INCOMPLETE_FOR: Final = 23 * 3600


@answers("POST /v1/subscriptions")
def create(call: Call) -> dict[str, Any]:
    given = call.given
    customer = call.named("customer", "customer")
    if customer is None:
        raise wrong("Missing required param: customer.", "customer", "parameter_missing")
    if not given.get("items"):
        raise wrong("Missing required param: items.", "items", "parameter_missing")
    return start(call.world, customer, given, call.fields(*PLAIN))


def start(
    world: World, customer: dict[str, Any], given: Any, fields: dict[str, Any]
) -> dict[str, Any]:
    """Begin one: on trial, or with a first invoice that is charged at once."""
    prices = [price_of(world, item) for item in given["items"]]
    check_prices(prices)
    from tests.stripe_sandbox.resources import renewing

    if given.get("payment_behavior") == "error_if_incomplete" and not trial_of(given, 0):
        renewing.refuse_early(world, customer, fields.get("default_payment_method"))
    made = make(world, customer, given, fields, prices)
    made["discounts"] = coupons.discounts(
        world, given.get("discounts"), subscription=made["id"], customer=customer["id"]
    )
    if customer["currency"] is None:
        customer["currency"] = made["currency"]
    world.emit("customer.subscription.created", made)
    if made["status"] == "trialing":
        renewing.bill(world, made, "subscription_create")
    else:
        renewing.first_payment(world, made, given.get("payment_behavior", "allow_incomplete"))
    return made


def check_prices(prices: list[dict[str, Any]]) -> None:
    if any(price["recurring"] is None for price in prices):
        raise wrong(
            "The price specified is set to `type=one_time` but this field only accepts "
            "prices with `type=recurring`.",
            "items[0][price]",
        )
    if not all(price["active"] for price in prices):
        raise wrong(
            "The price specified is inactive. This field only accepts active prices.",
            "items[0][price]",
        )
    if len({price["currency"] for price in prices}) > 1:
        raise wrong("All prices of a subscription have one currency.", "items")


def make(
    world: World,
    customer: dict[str, Any],
    given: Any,
    fields: dict[str, Any],
    prices: list[dict[str, Any]],
) -> dict[str, Any]:
    now = world.now(customer.get("test_clock"))
    trial_end = trial_of(given, now)
    anchor = trial_end or given.get("billing_cycle_anchor") or now
    end = trial_end or recurrence.next_end(anchor, prices[0]["recurring"], now)
    made = world.add(
        "subscription",
        **{
            "billing_cycle_anchor": anchor,
            "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
            "collection_method": "charge_automatically",
            "currency": prices[0]["currency"],
            "invoice_settings": {"issuer": {"type": "self"}},
            "items": {"object": "list", "data": [], "has_more": False, "url": ""},
            "metadata": merged({}, given.get("metadata")),
            "payment_settings": {
                "payment_method_types": None,
                "save_default_payment_method": "off",
            },
            "start_date": now,
            "status": "trialing" if trial_end else "incomplete",
            "test_clock": customer.get("test_clock"),
            "trial_end": trial_end,
            "trial_settings": given.get("trial_settings")
            or {"end_behavior": {"missing_payment_method": "create_invoice"}},
            "trial_start": now if trial_end else None,
        }
        | fields,
        customer=customer["id"],
    )
    made["items"]["url"] = f"/v1/subscription_items?subscription={made['id']}"
    for asked, price in zip(given["items"], prices, strict=True):
        add_item(world, made, price, asked, (now, end))
    return made


def trial_of(given: Any, now: int) -> int | None:
    if given.get("trial_period_days"):
        return now + int(given["trial_period_days"]) * DAY
    end = given.get("trial_end")
    return None if end in {None, "now"} else int(end)


def price_of(world: World, item: Any) -> dict[str, Any]:
    if item.get("price_data"):
        return catalogue.make_price(world, dict(item["price_data"]), "items[0][price_data]")
    from tests.stripe_sandbox.calls import found

    return found(world, "price", item.get("price", ""), "items[0][price]")


def add_item(
    world: World, about: dict[str, Any], price: dict[str, Any], asked: Any, period: tuple[int, int]
) -> None:
    metered = price["recurring"]["usage_type"] == "metered"
    made = world.add(
        "subscription_item",
        current_period_start=period[0],
        current_period_end=period[1],
        metadata=merged({}, asked.get("metadata")),
        price=price,
        subscription=about["id"],
        tax_rates=[],
        **({} if metered else {"quantity": asked.get("quantity", 1)}),
        _clock=about["test_clock"],
    )
    about["items"]["data"].append(made)


def period_of(about: dict[str, Any]) -> tuple[int, int]:
    item = about["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def invoice_paid(world: World, invoice: dict[str, Any]) -> None:
    """Follow a paid invoice: what waited for it is active."""
    from tests.stripe_sandbox.resources.invoices import subscription_of

    about = world.objects["subscription"].get(subscription_of(invoice) or "")
    if about is None or about["status"] in ENDED or about["latest_invoice"] != invoice["id"]:
        return
    if about["status"] in {"incomplete", "past_due", "unpaid"}:
        world.change(about, "customer.subscription.updated", status="active")


def invoice_failed(world: World, invoice: dict[str, Any], *, is_last: bool) -> None:
    """Follow a failed one: past due, and after the last attempt what the settings say."""
    from tests.stripe_sandbox.resources.invoices import subscription_of

    about = world.objects["subscription"].get(subscription_of(invoice) or "")
    if about is None or about["status"] not in {"active", "past_due"}:
        return
    if not is_last:
        world.change(about, "customer.subscription.updated", status="past_due")
    elif world.after_failed_payments == "cancel":
        end(world, about, reason="payment_failed")
    else:
        status = world.after_failed_payments
        world.change(about, "customer.subscription.updated", status=status)


def end(world: World, about: dict[str, Any], reason: str = "cancellation_requested") -> None:
    """End it now."""
    if about["status"] in ENDED:
        return
    now = world.now(about["test_clock"])
    details = {"comment": None, "feedback": None, "reason": reason}
    about.update(status="canceled", ended_at=now, cancellation_details=details)
    about["canceled_at"] = about["canceled_at"] or now
    world.emit("customer.subscription.deleted", about)


@answers("GET /v1/subscriptions")
def list_subscriptions(call: Call) -> dict[str, Any]:
    rows = list(call.world.all("subscription"))
    if "status" not in call.given:
        rows = [row for row in rows if row["status"] != "canceled"]
    if call.given.get("status") == "ended":
        rows = [{**row, "_ended": True} for row in rows if row["status"] in ENDED]
        return page(call, rows, "customer", "collection_method")
    if "price" in call.given:
        wanted = call.given["price"]
        rows = [row for row in rows if wanted in {i["price"]["id"] for i in row["items"]["data"]}]
    return page(call, rows, "customer", "status", "collection_method", "test_clock")


@answers("GET /v1/subscriptions/search")
def search_subscriptions(call: Call) -> dict[str, Any]:
    return search(call, call.world.all("subscription"))


@answers("GET /v1/subscription_items")
def list_items(call: Call) -> dict[str, Any]:
    found = call.world.get("subscription", call.given["subscription"], "subscription")
    return page(call, found["items"]["data"], "_none")


@answers("GET /v1/subscriptions/{subscription_exposed_id}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("subscription", name)


@answers("DELETE /v1/subscriptions/{subscription_exposed_id}")
def cancel(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("subscription", name)
    if found["status"] in ENDED:
        raise Refusal(404, f"No such subscription: '{name}'", code="resource_missing", param="id")
    end(call.world, found)
    return found


@answers("POST /v1/subscriptions/{subscription_exposed_id}")
def update(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("subscription", name)
    if found["status"] in ENDED and set(call.given) - {"metadata", "expand"}:
        raise wrong(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    fields = call.fields(*PLAIN)
    if "metadata" in call.given:
        fields["metadata"] = merged(found["metadata"], call.given["metadata"])
    if "pause_collection" in call.given:
        pause = call.given["pause_collection"]
        fields["pause_collection"] = {"resumes_at": None, **pause} if pause else None
    if "discounts" in call.given:
        about = {"subscription": name, "customer": found["customer"]}
        fields["discounts"] = coupons.discounts(call.world, call.given["discounts"] or [], **about)
    from tests.stripe_sandbox.resources import renewing

    renewing.note_cancellation(call.world, found, fields)
    if "items" in call.given:
        renewing.change_items(call, found)
    if call.given.get("trial_end") == "now" and found["status"] == "trialing":
        renewing.end_trial(call.world, found)
    elif call.given.get("trial_end"):
        fields["trial_end"] = trial_of(call.given, 0)
    call.world.change(found, "customer.subscription.updated", **fields)
    return found
