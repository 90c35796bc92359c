"""Where Stripe's subscription leads: its states become ours, and what it takes pays ours."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import CreditGrant, Subscription
from paying.models import Profile, StripeEvent
from tests.fakes.stripe import FakeStripe
from tests.paying.conftest import Shop
from tests.paying.test_checkout import checkout, complete, live

pytestmark = pytest.mark.django_db


@pytest.fixture
def led(shop: Shop) -> Shop:
    """Pro is bought at Stripe's price."""
    shop.plan = shop.world.plan(stripePriceId="price_pro", payInAdvance=True)
    complete(shop, checkout(shop)["sessionId"])
    return shop


def theirs(shop: Shop) -> str:
    return str(shop.stripe.things("subscription")[0]["id"])


def changed(shop: Shop, what: str, *, at: str = "", **fields: Any) -> StripeEvent:
    shop.stripe.set(theirs(shop), **fields)
    if at:
        shop.world.advance(at)
    number = StripeEvent.objects.count()
    return shop.tell(
        f"customer.subscription.{what}", "subscription", theirs(shop), id=f"evt_s{number}"
    )


def invoiced(shop: Shop, name: str, *, paid: int, status: str = "paid") -> StripeEvent:
    shop.stripe.put(
        "invoice",
        name,
        status=status,
        customer_id=shop.customer,
        due=paid,
        paid=paid if status == "paid" else 0,
        currency="USD",
        subscription_id=theirs(shop),
    )
    return shop.tell("invoice.paid", "invoice", name)


WORDS = [("past_due", "PAST_DUE"), ("unpaid", "UNPAID"), ("active", "ACTIVE")]


@pytest.mark.parametrize(("word", "status"), WORDS)
def test_its_standing_is_ours(led: Shop, word: str, status: str) -> None:
    changed(led, "updated", status=word)

    assert live(led).status == status


def test_it_leads_back(led: Shop) -> None:
    changed(led, "updated", status="unpaid")
    changed(led, "updated", status="active")

    assert live(led).status == "ACTIVE"


def test_its_pause_is_ours(led: Shop) -> None:
    changed(led, "paused", is_paused=True)
    paused = live(led).status
    changed(led, "resumed", is_paused=False)

    assert (paused, live(led).status) == ("PAUSED", "ACTIVE")


def test_its_pending_end_is_ours_and_is_taken_back(led: Shop) -> None:
    changed(led, "updated", cancel_at_period_end=True)
    pending = live(led).cancel_at_period_end
    changed(led, "updated", cancel_at_period_end=False)

    assert (pending, live(led).cancel_at_period_end) == (True, False)


def test_its_end_is_ours(led: Shop) -> None:
    changed(led, "deleted", status="canceled")

    assert Subscription.objects.get().status == "CANCELLED"
    changed(led, "deleted", status="canceled")


def test_its_price_is_our_plan(led: Shop) -> None:
    basic = led.world.plan(stripePriceId="price_basic")

    changed(led, "updated", price_id="price_basic")

    assert live(led).plan_version.plan.code == basic


def test_a_price_of_no_plan_is_kept_as_a_failure_until_a_plan_has_it(led: Shop) -> None:
    row = changed(led, "updated", price_id="price_new")
    assert row.status == "WAITING"
    assert "PRICE_OF_NO_PLAN" in row.failure or "price_new" in row.failure

    led.world.plan(stripePriceId="price_new")
    StripeEvent.objects.filter(pk=row.pk).update(due_at=row.received_at)
    led.read()

    row.refresh_from_db()
    assert (row.status, row.failure) == ("DONE", "")


def test_one_that_was_made_at_stripe_begins_to_lead(shop: Shop) -> None:
    shop.plan = shop.world.plan(stripePriceId="price_pro")
    shop.link()
    shop.stripe.put(
        "subscription",
        "sub_1",
        customer_id=shop.customer,
        status="active",
        price_id="price_pro",
    )

    shop.tell("customer.subscription.created", "subscription", "sub_1")

    assert live(shop).stripe_subscription_id == "sub_1"
    assert Profile.objects.get().mode == "LEAD"


def test_what_its_invoice_took_pays_ours(led: Shop) -> None:
    led.world.advance("2026-03-01T02:00:00Z")

    for _ in range(2):
        invoiced(led, "in_1", paid=3000)

    assert (led.invoice.status, led.invoice.stripe_invoice_id) == ("PAID", "in_1")
    assert CreditGrant.objects.count() == 0


def test_what_it_took_before_ours_is_final_is_credit_that_ours_uses(shop: Shop) -> None:
    """In arrears ours comes a month after Stripe's."""
    shop.plan = shop.world.plan(stripePriceId="price_pro")
    complete(shop, checkout(shop)["sessionId"])
    invoiced(shop, "in_1", paid=3000)

    shop.world.advance("2026-04-01T02:00:00Z")

    assert (shop.invoice.status, shop.invoice.credits_applied_minor) == ("PAID", 3000)
    assert shop.stripe.things("intent") == []


def test_an_invoice_of_stripes_that_is_nobodys_is_left_alone(led: Shop) -> None:
    led.stripe.put(
        "invoice", "in_9", status="paid", customer_id=led.customer, due=1, paid=1, currency="USD"
    )

    assert led.tell("invoice.paid", "invoice", "in_9").status == "KEPT"


def test_a_subscription_of_an_unknown_customer_is_kept(stripe: FakeStripe, db: None) -> None:
    shop = Shop(stripe)
    stripe.put("subscription", "sub_9", customer_id="cus_9", status="active", price_id="price_x")

    assert shop.tell("customer.subscription.created", "subscription", "sub_9").status == "KEPT"
