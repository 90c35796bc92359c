"""Where Stripe leads, its products and prices are our tiers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from billing.catalog.services.plans import make_default_plan
from billing.models import Plan, PlanVersion
from billing.stripe.catalogue.taking import STILL_DEFAULT, Outcome, read, sync_all, take
from billing.stripe.current import gateway
from billing.stripe.objects import StripeObjects
from paying.syncing.handlers import HANDLERS
from tests.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_price_becomes_a_tier_once(things: StripeObjects, pro: Any, now: datetime) -> None:
    first = synced("product", pro.id, things, now)
    again = synced("price", pro.default_price, things, now)

    version = PlanVersion.objects.select_related("plan").get()
    assert (first, again) == ([("pro", "made")], [("pro", "as it was")])
    assert (version.plan.name, version.price_minor, version.interval) == ("Pro", 4900, "MONTH")
    assert (version.stripe_price_id, version.pay_in_advance) == (pro.default_price, True)


def synced(kind: str, name: str, things: StripeObjects, now: datetime) -> list[Outcome]:
    return take(kind, name, read(kind, name, stripe=things), now=now)


def another_price(client: Any, product: str, amount: int) -> str:
    made = client.v1.prices.create(
        {
            "product": product,
            "currency": "usd",
            "unit_amount": amount,
            "recurring": {"interval": "month"},
        }
    )
    client.v1.products.update(product, {"default_price": made.id})
    return str(made.id)


def test_another_price_is_the_next_version(
    things: StripeObjects, pro: Any, client: Any, now: datetime
) -> None:
    synced("product", pro.id, things, now)
    newer = another_price(client, pro.id, 5900)
    client.v1.prices.update(pro.default_price, {"active": False})

    outcome = synced("price", pro.default_price, things, now)

    rows = PlanVersion.objects.order_by("version").values_list("version", "price_minor")
    assert outcome == [("pro", "changed")]
    assert list(rows) == [(1, 4900), (2, 5900)]
    assert PlanVersion.objects.newest().get().stripe_price_id == newer


def test_a_new_name_is_taken_over_and_an_archived_product_archives(
    things: StripeObjects, pro: Any, client: Any, now: datetime
) -> None:
    synced("product", pro.id, things, now)

    client.v1.products.update(pro.id, {"name": "Professional", "description": "More"})
    synced("product", pro.id, things, now)
    renamed = Plan.objects.get()
    client.v1.products.update(pro.id, {"active": False})
    archived = synced("product", pro.id, things, now)

    assert (renamed.code, renamed.name, renamed.description) == ("pro", "Professional", "More")
    assert archived == [("pro", "archived")]
    assert not Plan.objects.get().is_active


def test_the_default_tier_stays_until_another_is_chosen(
    things: StripeObjects, pro: Any, client: Any, now: datetime
) -> None:
    synced("product", pro.id, things, now)
    make_default_plan(plan_id=Plan.objects.get().pk, now=now)
    client.v1.products.update(pro.id, {"active": False})

    outcome = synced("product", pro.id, things, now)

    assert outcome == [("pro", STILL_DEFAULT)]
    assert Plan.objects.get().is_active


def test_a_price_that_is_gone_is_off_the_offer(
    things: StripeObjects, pro: Any, stripe_sandbox: Any, now: datetime
) -> None:
    synced("product", pro.id, things, now)
    del stripe_sandbox.world.objects["price"][pro.default_price]

    assert synced("price", pro.default_price, things, now) == [("pro", "archived")]


@pytest.mark.parametrize("who", ["OURS", "OFF"])
def test_where_stripe_does_not_lead_nothing_is_taken(
    things: StripeObjects, pro: Any, leading: Callable[[str], None], now: datetime, who: str
) -> None:
    leading(who)

    assert synced("product", pro.id, things, now) == []
    assert not Plan.objects.exists()


def test_taken_codes_are_passed_by(things: StripeObjects, client: Any, now: datetime) -> None:
    for _ in range(2):
        client.v1.products.create(
            {
                "name": "Pro",
                "default_price_data": {
                    "currency": "usd",
                    "unit_amount": 100,
                    "recurring": {"interval": "month"},
                },
            }
        )

    outcomes = list(sync_all(stripe=things, now=now))

    assert sorted(outcomes) == [("pro", "made"), ("pro-2", "made")]
    assert {said for _, said in sync_all(stripe=things, now=now)} == {"as it was"}


def test_what_a_price_s_event_needs_is_read_once(
    things: StripeObjects, pro: Any, now: datetime, stripe_sandbox: Sandbox
) -> None:
    before = len(stripe_sandbox.asked)

    HANDLERS["price"](pro.default_price, stripe=gateway(), now=now)

    paths = [asked["path"] for asked in list(stripe_sandbox.asked)[before:]]
    assert paths == [f"/v1/prices/{pro.default_price}", f"/v1/products/{pro.id}", "/v1/prices"]
    assert Plan.objects.get().code == "pro"
