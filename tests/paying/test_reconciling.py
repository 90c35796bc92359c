"""The comparison with Stripe finds what no webhook told, mends it, and says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.kernel import clock
from billing.models import Subscription
from billing.stripe.null import NullGateway
from paying.choosing import choose_mode
from paying.models import Checkout, Intent, Profile, Reconciliation, StripeEvent, StripeThing
from paying.reconciling import IN_FLIGHT, begins_at, reconcile
from tests.fakes.stripe import FakeStripe, Mood
from tests.paying.conftest import Shop
from tests.paying.test_checkout import checkout, complete, live

pytestmark = pytest.mark.django_db
AGO = timedelta(minutes=30)


def compare(shop: Shop, **ahead: int) -> Reconciliation:
    made = reconcile(stripe=shop.stripe, now=clock.now() + timedelta(**ahead))
    assert made is not None
    return made


def test_a_purchase_that_nobody_told_us_of_is_put_into_force(shop: Shop) -> None:
    page = checkout(shop)["sessionId"]
    shop.stripe.buy(page)
    at = clock.now() - AGO
    shop.stripe.happened("checkout.session.completed", "checkout.session", page, at=at)

    row = compare(shop)
    shop.read()

    assert (row.events, row.missed, row.failure) == (1, 1, "")
    event = StripeEvent.objects.get()
    assert (event.source, event.status) == ("RECONCILER", "DONE")
    assert live(shop).status == "ACTIVE"


def test_what_was_told_is_not_missing(shop: Shop) -> None:
    page = checkout(shop)["sessionId"]
    at = clock.now() - AGO
    head = shop.stripe.happened("checkout.session.completed", "checkout.session", page, at=at)
    shop.tell("checkout.session.completed", "checkout.session", page, id=head.id)

    assert compare(shop).missed == 0


def test_what_happened_a_moment_ago_may_be_on_its_way(shop: Shop) -> None:
    shop.stripe.happened("customer.created", "customer", "cus_9", at=clock.now())

    assert compare(shop).missed == 0
    assert compare(shop, hours=1).missed == 1


def test_types_that_change_nothing_are_not_kept(shop: Shop) -> None:
    shop.stripe.happened("person.danced", "person", "per_1", at=clock.now() - AGO)

    assert compare(shop).missed == 0
    assert StripeEvent.objects.count() == 0


def test_all_pages_are_looked_at(shop: Shop) -> None:
    for number in range(250):
        name = f"cus_{number}"
        shop.stripe.happened("customer.created", "customer", name, at=clock.now() - AGO)

    assert compare(shop).missed == 250


def test_it_goes_on_where_the_last_whole_one_ended(shop: Shop) -> None:
    now = clock.now()
    assert begins_at(now) == now - timedelta(days=1)
    reconcile(stripe=shop.stripe, now=now)
    shop.stripe.plan = [Mood.FAILS]
    failed = reconcile(stripe=shop.stripe, now=now + timedelta(hours=1))

    later = begins_at(now + timedelta(hours=2))

    assert failed is not None
    assert failed.failure.startswith("StripeUnavailable")
    assert later == now - IN_FLIGHT - timedelta(minutes=15)


def test_a_payment_whose_event_stripe_has_forgotten_is_found(shop: Shop) -> None:
    due = shop.subscribe()
    name = shop.world.post(f"/invoices/{due.pk}/payment-intent")["paymentIntentId"]
    shop.stripe.confirm(name)
    Intent.objects.update(asked_at=clock.now() - timedelta(days=40))

    row = compare(shop)

    assert (row.events, row.objects_read, shop.invoice.status) == (0, 2, "PAID")  # and its customer
    assert StripeThing.objects.get(pk=name).status == "succeeded"


def test_a_page_and_a_subscription_are_looked_at_too(shop: Shop) -> None:
    pro = shop.world.plan(stripePriceId="price_pro")
    complete(shop, checkout(shop, pro)["sessionId"])
    (theirs,) = shop.stripe.things("subscription")
    shop.stripe.set(theirs["id"], status="past_due")
    StripeThing.objects.update(seen_at=clock.now() - timedelta(days=2))

    compare(shop)

    assert live(shop).status == "PAST_DUE"


def test_an_open_page_that_was_bought_on_is_found(shop: Shop) -> None:
    page = checkout(shop)["sessionId"]
    shop.stripe.buy(page)
    Checkout.objects.update(created_at=clock.now() - timedelta(hours=2))

    compare(shop)

    assert live(shop).status == "ACTIVE"


def test_without_stripe_there_is_nothing_to_compare_with(db: None) -> None:
    assert reconcile(stripe=NullGateway(), now=clock.now()) is None
    assert Reconciliation.objects.count() == 0


def test_the_fake_lists_as_stripe_does() -> None:
    """Newest first: see the contract of the gateway."""
    fake = FakeStripe()
    for number in range(3):
        fake.happened("customer.created", "customer", f"cus_{number}", at=clock.now())

    names = [event.object_id for event in fake.events(since=clock.now() - AGO).events]

    assert names == ["cus_2", "cus_1", "cus_0"]


def drift(name: str) -> str:
    return StripeThing.objects.get(pk=name).drift


def test_what_differs_of_a_customer_is_said_until_it_is_mended(shop: Shop) -> None:
    shop.link()
    shop.stripe.set(shop.customer, name="Somebody else", email="else@where.example")

    first = compare(shop)
    seen = drift(shop.customer)
    shop.stripe.set(shop.customer, name="Somebody", email="ap@acme.example")
    shop.world.call("patch", f"/tenants/{shop.world.tenant}", {"name": "Somebody"})
    Profile.objects.update(tell_at=None)
    second = compare(shop, hours=1)

    assert (first.drifting, second.drifting, second.objects_read) == (1, 0, 1)
    assert seen == "another name, e-mail there"
    assert drift(shop.customer) == ""


@pytest.mark.parametrize(("name", "differs"), [("ap@acme.example", 0), ("Acme", 1)])
def test_a_customer_without_a_name_is_called_by_its_e_mail(
    shop: Shop, name: str, differs: int
) -> None:
    shop.link()
    shop.world.call("patch", f"/tenants/{shop.world.tenant}", {"name": name})
    Profile.objects.update(tell_at=None)
    shop.stripe.set(shop.customer, name="", email="ap@acme.example")

    assert compare(shop).drifting == differs


def test_what_is_about_to_be_told_does_not_differ(shop: Shop) -> None:
    shop.link()
    shop.world.call("patch", f"/tenants/{shop.world.tenant}", {"name": "Another"})

    assert compare(shop).drifting == 0


def test_a_subscription_that_asks_beside_us_differs(shop: Shop) -> None:
    shop.plan = shop.world.plan(stripePriceId="price_pro")
    complete(shop, checkout(shop)["sessionId"])
    (theirs,) = shop.stripe.things("subscription")
    choose_mode(account_id=shop.id, mode="COLLECT", now=clock.now())
    Subscription.objects.update(stripe_subscription_id="")

    shop.tell("customer.subscription.updated", "subscription", theirs["id"])

    assert drift(theirs["id"]) == "we invoice, and a subscription of Stripe's asks for money too"
    shop.stripe.set(theirs["id"], status="canceled")
    assert compare(shop, minutes=1).drifting == 0
    assert drift(theirs["id"]) == ""


def test_ours_that_has_ended_under_one_that_lives_differs(shop: Shop) -> None:
    shop.plan = shop.world.plan(stripePriceId="price_pro")
    complete(shop, checkout(shop)["sessionId"])
    (theirs,) = shop.stripe.things("subscription")
    shop.world.post(f"/subscriptions/{live(shop).pk}/cancel", {"immediately": True})

    assert compare(shop, days=2).drifting == 1
    assert drift(theirs["id"]) == "ours has ended, there it is active"


def test_money_that_is_not_what_stripe_took_differs(shop: Shop) -> None:
    due = shop.subscribe()
    name = shop.world.post(f"/invoices/{due.pk}/payment-intent")["paymentIntentId"]
    shop.stripe.confirm(name)
    shop.tell("payment_intent.succeeded", "payment_intent", name, id="evt_1")
    assert drift(name) == ""
    shop.stripe.set(name, amount=2900)

    shop.tell("payment_intent.succeeded", "payment_intent", name, id="evt_2")

    assert drift(name) == "30.00 USD were received"


def test_what_stripe_does_not_have_any_more_differs(shop: Shop) -> None:
    due = shop.subscribe()
    name = shop.world.post(f"/invoices/{due.pk}/payment-intent")["paymentIntentId"]
    shop.tell("payment_intent.processing", "payment_intent", name)
    shop.stripe.put("gone", name)
    Intent.objects.update(asked_at=clock.now() - timedelta(hours=2))

    assert compare(shop, hours=1).drifting == 1
    assert drift(name) == "Stripe does not have it"
