"""Events in any order, twice, at once, days late: the end is what Stripe has."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
from django.db import connection

from billing.kernel import clock
from billing.models import Subscription
from paying.inbox.kinds import is_handled
from paying.inbox.working import ATTEMPTS, claim, retry_event
from paying.models import Checkout, Profile, Receipt, StripeEvent
from tests import database
from tests.fakes.stripe import FakeStripe, Mood
from tests.paying.conftest import Shop, deliver, event, read_at_once
from tests.paying.test_checkout import checkout

SCENE: Final = {
    "checkout.session.completed": "checkout.session",
    "customer.created": "customer",
    "customer.updated": "customer",
    "customer.subscription.created": "subscription",
    "customer.subscription.updated": "subscription",
    "customer.subscription.paused": "subscription",
    "customer.subscription.resumed": "subscription",
    "customer.subscription.trial_will_end": "subscription",
    "invoice.finalized": "invoice",
    "invoice.paid": "invoice",
    "invoice.payment_failed": "invoice",
    "payment_intent.succeeded": "payment_intent",
    "payment_intent.payment_failed": "payment_intent",
    "charge.refunded": "charge",
    "charge.dispute.created": "dispute",
    "price.updated": "price",
    "product.updated": "product",
}
CONTRACT: Final = (
    *SCENE,
    *("customer.deleted", "customer.subscription.deleted"),
    *("invoice.voided", "invoice.marked_uncollectible"),
    *("price.created", "price.deleted", "product.created", "product.deleted"),
)


class Story:
    """Pro was bought and its first invoice paid, all of it at Stripe: we were told of nothing."""

    def __init__(self, stripe: FakeStripe) -> None:
        self.shop = Shop(stripe)
        self.shop.open()
        pro = self.shop.world.plan(stripePriceId="price_pro", payInAdvance=True)
        page = checkout(self.shop, pro)["sessionId"]
        stripe.buy(page, method="pm_card_visa")
        customer = self.shop.customer
        stripe.set(customer, payment_method="pm_card_visa")
        (subscription,) = stripe.things("subscription")
        paid = {"customer_id": customer, "due": 3000, "paid": 3000, "currency": "USD"}
        more = {"subscription_id": subscription["id"], "intent_id": "pi_of_in_1"}
        stripe.put("invoice", "in_1", status="paid", **paid, **more)
        stripe.put(
            "charge",
            "ch_1",
            amount=3000,
            refunded=500,
            currency="USD",
            intent_id="pi_of_in_1",
            customer_id=customer,
        )
        stripe.put(
            "dispute",
            "dp_1",
            charge_id="ch_1",
            amount=2500,
            currency="USD",
            status="warning_needs_response",
        )
        self.names = {
            "checkout.session": page,
            "customer": customer,
            "subscription": subscription["id"],
            "invoice": "in_1",
            "payment_intent": "pi_of_in_1",
            "charge": "ch_1",
            "dispute": "dp_1",
            "price": "price_pro",
            "product": "prod_1",
        }

    def event(self, kind: str) -> dict[str, Any]:
        said = event(kind, SCENE[kind], self.names[SCENE[kind]], id=f"evt_{kind}")
        if SCENE[kind] in {"charge", "dispute"}:
            said["data"]["object"]["payment_intent"] = "pi_of_in_1"
        return said

    def tell(self, *kinds: str) -> None:
        for kind in kinds:
            assert deliver(self.event(kind)).status_code == 200
            self.shop.read()

    def end(self) -> dict[str, Any]:
        """Return how all of it stands here."""
        live = Subscription.objects.live().filter(account_id=self.shop.id).first()
        receipts = Receipt.objects.filter(account_id=self.shop.id)
        profile = Profile.objects.get(pk=self.shop.id)
        return {
            "plan": live and live.plan_version.stripe_price_id,
            "status": live and live.status,
            "led by": live and live.stripe_subscription_id,
            "mode": profile.mode,
            "method": profile.payment_method,
            "page": Checkout.objects.get(account_id=self.shop.id).status,
            "received": [r.amount_minor for r in receipts],
            "refunded": [r.refunded_minor for r in receipts],
            "dispute": [r.dispute for r in receipts],
        }


@contextmanager
def undone(stripe: FakeStripe) -> Iterator[None]:
    """Do something, and have both sides forget it."""
    kept = json.dumps(stripe._kept)
    with database.undone():
        yield
    stripe._kept = json.loads(kept)


@pytest.mark.django_db
@pytest.mark.parametrize("first", SCENE)
def test_each_pair_ends_alike_in_both_orders_and_repeated(stripe: FakeStripe, first: str) -> None:
    story = Story(stripe)
    for second in (kind for kind in SCENE if kind != first):
        seen = []
        for order in ((first, second), (second, first), (first, second, first, second)):
            with undone(stripe):
                story.tell(*order)
                story.shop.read(at=clock.now() + timedelta(days=1))
                seen.append(story.end())

        assert seen[0] == seen[1] == seen[2], second


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(12))
def test_all_of_them_in_any_order_end_as_stripe_has_it(stripe: FakeStripe, seed: int) -> None:
    story = Story(stripe)
    kinds = [*SCENE, *random.Random(seed).sample(list(SCENE), 6)]
    random.Random(seed).shuffle(kinds)

    story.tell(*kinds)
    story.shop.read(at=clock.now() + timedelta(days=3))

    assert story.end() == {
        "plan": "price_pro",
        "status": "ACTIVE",
        "led by": story.names["subscription"],
        "mode": "LEAD",
        "method": "pm_card_visa",
        "page": "DONE",
        "received": [3000],
        "refunded": [500],
        "dispute": ["warning_needs_response"],
    }
    assert not StripeEvent.objects.filter(status__in=["WAITING", "FAILED"]).exists()


@pytest.mark.django_db
def test_a_failure_is_kept_with_its_trace_and_tried_again(shop: Shop) -> None:
    shop.link()
    shop.stripe.plan = [Mood.FAILS]
    row = shop.tell("customer.updated", "customer", shop.customer)
    assert (row.status, row.attempts, row.account_id) == ("WAITING", 1, None)
    assert "StripeUnavailable" in row.failure

    shop.read(at=clock.now() + timedelta(seconds=11))

    row.refresh_from_db()
    assert (row.status, row.failure, row.account_id) == ("DONE", "", shop.id)


@pytest.mark.django_db
def test_after_the_last_try_it_rests_until_somebody_asks(shop: Shop) -> None:
    shop.link()
    shop.stripe.plan = [Mood.FAILS] * ATTEMPTS
    row = shop.tell("customer.updated", "customer", shop.customer)
    for hours in range(1, 90):
        shop.read(at=clock.now() + timedelta(hours=hours))
    row.refresh_from_db()
    assert (row.status, row.attempts, row.due_at) == ("FAILED", ATTEMPTS, None)

    assert retry_event(event_id=row.id, now=clock.now())
    shop.read()

    row.refresh_from_db()
    assert row.status == "DONE"


@pytest.mark.django_db
def test_an_event_whose_worker_died_is_read_by_another(shop: Shop) -> None:
    shop.link()
    said = event("customer.updated", "customer", shop.customer)
    deliver(said)
    assert claim(event_id=said["id"], now=clock.now()) is not None

    shop.read()
    assert StripeEvent.objects.get().status == "WAITING"
    shop.read(at=clock.now() + timedelta(minutes=6))

    assert StripeEvent.objects.get().status == "DONE"


@pytest.mark.django_db(transaction=True)
def test_at_once_by_many_workers_it_is_done_once(stripe: FakeStripe) -> None:
    shop = Shop(stripe)
    shop.open()
    due = shop.subscribe()
    path = f"/invoices/{due.pk}/payment-intent"
    name = shop.world.post(path)["paymentIntentId"]
    stripe.confirm(name)
    kinds = ("succeeded", "payment_failed", "processing", "canceled")
    said = [event(f"payment_intent.{kind}", "payment_intent", name) for kind in kinds]
    for one in said:
        deliver(one)

    read_at_once([one["id"] for one in said] * 2, stripe)
    shop.read(at=clock.now() + timedelta(minutes=6))

    assert {row.status for row in StripeEvent.objects.all()} == {"DONE"}
    due.refresh_from_db()
    assert (due.status, due.payments.count()) == ("PAID", 1)


@pytest.mark.django_db(transaction=True)
def test_a_burst_is_answered_and_none_is_lost(stripe: FakeStripe) -> None:
    said = [event("customer.updated", "customer", f"cus_{n}", id=f"evt_{n}") for n in range(200)]

    def send(one: dict[str, Any]) -> int:
        try:
            return deliver(one).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(send, said * 2))

    assert set(answers) == {200}
    assert StripeEvent.objects.count() == 200


def test_every_type_of_the_contract_is_read() -> None:
    assert {kind for kind in CONTRACT if not is_handled(kind, SCENE.get(kind, "customer"))} == set()
