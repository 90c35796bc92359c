"""What of a plan differs from its product and price at Stripe is noted, until it agrees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.catalog.services.plans import archive_plan, update_plan
from billing.kernel import clock
from billing.models import Plan, PlanVersion
from billing.stripe.catalogue.pushing import product_id, push_all
from billing.stripe.current import gateway
from billing.stripe.objects import StripeObjects, objects
from paying.models import StripeThing
from paying.reconciling import UNSEEN_FOR, reconcile
from paying.syncing import seeing
from paying.syncing.handlers import HANDLERS
from tests.stripe_catalogue.test_pushing import plan

pytestmark = pytest.mark.django_db(transaction=True)


def compare(now: datetime, **later: int) -> int:
    row = reconcile(stripe=gateway(), now=now + timedelta(**later))
    assert row is not None
    assert row.failure == ""
    return row.drifting


def drifts() -> dict[str, str]:
    """Return what differs, by kind."""
    return dict(StripeThing.objects.exclude(drift="").values_list("kind", "drift"))


@pytest.fixture
def sold(things: StripeObjects, leading: Callable[[str], None], now: datetime) -> PlanVersion:
    """A plan that ours leads, pushed: 9.90 EUR a quarter."""
    leading("OURS")
    plan(now)
    list(push_all(stripe=objects(), now=now))
    return PlanVersion.objects.select_related("plan").get()


@pytest.fixture
def by_hand(leading: Callable[[str], None], pro: Any, now: datetime) -> Callable[..., PlanVersion]:
    """A plan whose price at Stripe (49.00 USD a month) was named by hand, where neither leads."""
    leading("OFF")

    def make(**terms: Any) -> PlanVersion:
        said: dict[str, Any] = {"currency": "USD", "interval": "MONTH", "price": "49.00"} | terms
        said["price"] = Decimal(said["price"])
        return plan(now, **{"stripe_price_id": pro.default_price} | said)

    return make


def test_what_agrees_is_seen_and_does_not_differ(sold: PlanVersion, now: datetime) -> None:
    assert compare(now) == 0

    seen = StripeThing.objects.values_list("kind", "id", "status")
    assert sorted(seen) == [
        ("price", sold.stripe_price_id, "active"),
        ("product", product_id(sold.plan), "active"),
    ]


def test_another_name_and_an_archived_price_are_said_until_they_agree(
    sold: PlanVersion, client: Any, now: datetime
) -> None:
    client.v1.products.update(product_id(sold.plan), {"name": "Something else"})
    client.v1.prices.update(client.v1.prices.create(_other(sold)).id, {"active": True})
    client.v1.products.update(product_id(sold.plan), {"default_price": _newest(client)})
    client.v1.prices.update(sold.stripe_price_id, {"active": False})

    assert compare(now) == 2
    assert drifts() == {"price": "archived there", "product": "another name there"}

    assert list(push_all(stripe=objects(), now=now, dry=True)) == [("pro", "changed")]
    list(push_all(stripe=objects(), now=now))
    assert compare(now, hours=1) == 0
    assert drifts() == {}


def _other(sold: PlanVersion) -> Any:
    recurring = {"interval": "month"}
    head = {"product": product_id(sold.plan), "currency": "eur", "unit_amount": 100}
    return {**head, "recurring": recurring}


def _newest(client: Any) -> str:
    return str(client.v1.prices.list().data[0].id)


def test_an_archived_product_differs_and_an_archived_plan_under_one_on_sale(
    sold: PlanVersion, client: Any, now: datetime
) -> None:
    client.v1.products.update(product_id(sold.plan), {"active": False})
    compare(now)
    first = drifts()
    client.v1.products.update(product_id(sold.plan), {"active": True})
    archive_plan(reference="pro", now=now)
    compare(now, hours=1)

    assert (first, drifts()) == (
        {"product": "archived there"},
        {"product": "ours is archived"},
    )


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"price": "59.00"}, "another amount there: 49.00 USD a month"),
        ({"currency": "EUR"}, "another currency there: 49.00 USD a month"),
        ({"interval": "YEAR"}, "another interval there: 49.00 USD a month"),
        (
            {"currency": "JPY", "price": "50"},
            "another amount, currency there: 49.00 USD a month",
        ),
    ],
)
def test_a_price_that_was_named_by_hand_is_compared(
    by_hand: Callable[..., PlanVersion], now: datetime, terms: dict[str, str], said: str
) -> None:
    by_hand(**terms)

    assert compare(now) == 1
    assert drifts() == {"price": said}


def test_of_a_price_that_was_named_by_hand_the_product_may_have_another_name(
    by_hand: Callable[..., PlanVersion], now: datetime
) -> None:
    by_hand()
    Plan.objects.update(name="Ours")

    assert compare(now) == 0


def test_prices_without_decimals_are_compared_in_their_own(
    by_hand: Callable[..., PlanVersion], client: Any, pro: Any, now: datetime
) -> None:
    made = {"product": pro.id, "currency": "jpy", "recurring": {"interval": "month"}}
    price = client.v1.prices.create({**made, "unit_amount": 500})
    by_hand(currency="JPY", price="500", stripe_price_id=price.id)

    assert compare(now) == 0


def test_a_price_that_stripe_does_not_have_differs_until_another_is_named(
    by_hand: Callable[..., PlanVersion], pro: Any, now: datetime
) -> None:
    by_hand(stripe_price_id="price_nowhere")

    assert compare(now) == 1
    assert drifts() == {"price": "Stripe does not have it"}

    prices = {"stripe_price_id": pro.default_price}
    update_plan(reference="pro", details={}, prices=prices, now=now)
    assert compare(now, hours=1) == 0
    assert drifts() == {}


def test_a_plan_that_is_not_at_stripe_differs_where_ours_leads(
    leading: Callable[[str], None], now: datetime
) -> None:
    leading("OURS")
    plan(now)

    assert compare(now) == 1
    assert drifts() == {"product": "Stripe does not have it"}

    list(push_all(stripe=objects(), now=now))
    assert compare(now, hours=1) == 0
    assert drifts() == {}


def test_a_price_that_is_no_plans_any_more_says_so_where_stripe_leads(
    things: StripeObjects, client: Any, now: datetime
) -> None:
    product = client.v1.products.create({"name": "Boxes"})
    tiers = {"tiers": [{"up_to": "inf", "unit_amount": 100}], "tiers_mode": "graduated"}
    said = {"product": product.id, "currency": "usd", "recurring": {"interval": "month"}}
    price = client.v1.prices.create({**said, "billing_scheme": "tiered", **tiers})
    plan(now, stripe_price_id=price.id)

    assert compare(now) == 1
    assert drifts() == {"price": "it has tiers or packages"}


def test_an_event_notes_it_and_clears_it(sold: PlanVersion, client: Any, now: datetime) -> None:
    name = product_id(sold.plan)
    seen = []
    for said in ("Something else", "Pro"):
        client.v1.products.update(name, {"name": said})
        done = HANDLERS["product"](name, stripe=gateway(), now=clock.now())
        seeing.see(name=name, kind="product", done=done, now=clock.now())
        seen.append(drifts())

    assert seen == [{"product": "another name there"}, {}]


def test_what_agrees_is_looked_at_daily_and_what_differs_hourly(
    sold: PlanVersion, client: Any, now: datetime
) -> None:
    compare(now)
    client.v1.products.update(product_id(sold.plan), {"name": "Something else"})

    assert compare(now, hours=1) == 0  # its event is on its way: it was seen a moment ago
    assert compare(now + UNSEEN_FOR, hours=1) == 1
    client.v1.products.update(product_id(sold.plan), {"name": "Pro"})
    assert compare(now + UNSEEN_FOR, hours=2) == 0


def test_a_plan_of_stripes_that_follows_does_not_differ(
    things: StripeObjects, pro: Any, client: Any, now: datetime
) -> None:
    HANDLERS["product"](pro.id, stripe=gateway(), now=now)
    client.v1.products.update(pro.id, {"name": "Professional"})

    assert compare(now) == 0  # reading it takes it over
    assert Plan.objects.get().name == "Professional"
