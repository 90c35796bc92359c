"""Finalized invoices are collected through Stripe: once, again after a decline, never twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from billing.kernel import clock
from billing.models import CreditGrant
from invoicing.models import Invoice
from invoicing.records import Dunning
from paying.models import Collection, Intent, Profile, Receipt
from paying.money import collecting
from tests.fakes.stripe import FakeStripe, Mood
from tests.paying.conftest import Shop

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def due(shop: Shop) -> Invoice:
    invoice = shop.subscribe()
    shop.link()
    return invoice


def state(shop: Shop) -> tuple[str, str]:
    return shop.invoice.status, Collection.objects.get(pk=shop.invoice.pk).status


def later(**ahead: int) -> Any:
    return clock.now() + timedelta(**ahead)


def test_what_is_final_is_charged_once(shop: Shop, due: Invoice) -> None:
    shop.collect()
    shop.collect()

    assert state(shop) == ("PAID", "ENDED")
    (charge,) = shop.stripe.things("intent")
    assert (charge["amount"], charge["method"]) == (3000, "pm_card_visa")
    assert [p.reference for p in due.payments.all()] == [f"stripe:{charge['id']}"]


def test_the_event_of_a_charge_says_nothing_new(shop: Shop, due: Invoice) -> None:
    shop.collect()
    (charge,) = shop.stripe.things("intent")

    row = shop.tell("payment_intent.succeeded", "payment_intent", charge["id"])

    assert (row.status, row.outcome) == ("DONE", "the payment is PAID")
    assert due.payments.count() == Receipt.objects.count() == 1


def test_who_is_not_linked_is_not_collected_from(shop: Shop) -> None:
    shop.subscribe()

    shop.collect()

    assert Collection.objects.count() == 0
    assert shop.stripe.calls == []


def test_without_a_card_it_waits_for_one(shop: Shop, due: Invoice) -> None:
    shop.stripe.set(shop.customer, payment_method="")
    shop.collect()
    assert state(shop) == ("PENDING", "NO_METHOD")

    shop.stripe.set(shop.customer, payment_method="pm_card_visa")
    shop.tell("customer.updated", "customer", shop.customer)
    shop.collect()

    assert state(shop) == ("PAID", "ENDED")


def test_a_decline_is_tried_again_after_pauses_and_then_given_up(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["insufficient_funds"] * 9
    seen = []
    for days in (0, 2, 3, 8, 15, 40):
        shop.collect(at=later(days=days))
        seen.append((len(shop.stripe.things("intent")), state(shop)[1]))

    assert seen == [
        (1, "DECLINED"),
        (1, "DECLINED"),
        (2, "DECLINED"),
        (3, "DECLINED"),
        (4, "GIVEN_UP"),
        (4, "GIVEN_UP"),
    ]
    assert Collection.objects.get().failure == "insufficient_funds"
    keys = {intent.key for intent in Intent.objects.all()}
    assert keys == {f"invoice:{due.pk}:automatic:{number}" for number in range(4)}


def test_dunning_goes_on_while_it_is_declined(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["insufficient_funds"] * 9
    shop.collect()

    shop.world.advance("2026-03-16T00:00:00Z")

    assert shop.invoice.status == "OVERDUE"
    assert shop.world.subscription()["status"] == "PAST_DUE"
    shop.stripe.decline = []
    shop.collect(at=later(days=4))
    assert shop.invoice.status == "PAID"
    assert shop.world.subscription()["status"] == "ACTIVE"


def test_the_event_of_a_decline_counts_it_once(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()
    (charge,) = shop.stripe.things("intent")

    for number in range(3):
        shop.tell("payment_intent.payment_failed", "payment_intent", charge["id"], id=f"e{number}")

    assert Collection.objects.get().attempts == 1


def test_a_bank_that_takes_days_is_waited_for(shop: Shop, due: Invoice) -> None:
    with patch("tests.fakes.stripe_money.decide", lambda row, _: row.update(status="processing")):
        shop.collect()
    (charge,) = shop.stripe.things("intent")
    assert state(shop) == ("PENDING", "WAITING")

    shop.stripe.set(charge["id"], status="succeeded")
    shop.collect(at=later(hours=7))

    assert state(shop) == ("PAID", "ENDED")
    assert len(shop.stripe.things("intent")) == 1


def test_what_was_paid_otherwise_is_not_charged(shop: Shop, due: Invoice) -> None:
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "30.00"})

    shop.collect()

    assert shop.stripe.things("intent") == []


def test_paid_otherwise_while_it_is_charged_it_becomes_credit(shop: Shop, due: Invoice) -> None:
    shop.stripe.plan = [Mood.SLOW]
    inner = shop.stripe.create_intent

    def meanwhile(**asked: Any) -> Any:
        shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "20.00"})
        return inner(**asked)

    with patch.object(shop.stripe, "create_intent", meanwhile):
        shop.collect()

    assert state(shop) == ("PAID", "ENDED")
    assert CreditGrant.objects.get().remaining_minor == 2000


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.LOST_BEFORE, Mood.LOST_AFTER])
def test_whatever_happens_on_the_way_it_is_charged_once(
    shop: Shop, due: Invoice, mood: Mood
) -> None:
    collecting.adopt(now=clock.now())
    shop.stripe.customer(customer_id=shop.customer)
    with patch.object(shop.stripe, "customer", shop.stripe.customer):
        shop.stripe.before = lambda verb: (
            shop.stripe.plan.append(mood) if verb == "create_intent" else None
        )
        shop.collect()
    shop.stripe.before = lambda _: None
    assert shop.invoice.status == "PENDING"

    shop.collect(at=later(minutes=5))

    assert state(shop) == ("PAID", "ENDED")
    assert len(shop.stripe.things("intent")) == due.payments.count() == 1


def test_after_a_day_it_is_looked_for_before_it_is_charged(shop: Shop, due: Invoice) -> None:
    shop.stripe.before = lambda verb: (
        shop.stripe.plan.append(Mood.LOST_AFTER) if verb == "create_intent" else None
    )
    shop.collect()
    shop.stripe.before = lambda _: None
    shop.stripe.forget_keys()

    shop.collect(at=later(hours=30))

    assert state(shop) == ("PAID", "ENDED")
    assert len(shop.stripe.things("intent")) == 1


def test_a_request_that_stripe_refuses_is_shown(shop: Shop, due: Invoice) -> None:
    shop.stripe.before = lambda verb: (
        shop.stripe.plan.append(Mood.REFUSES) if verb == "create_intent" else None
    )
    shop.collect()

    assert state(shop) == ("PENDING", "GIVEN_UP")
    assert Intent.objects.get().status == "REFUSED"


def test_too_little_waits_for_the_next_invoice(stripe: FakeStripe, db: None) -> None:
    shop = Shop(stripe)
    shop.open(price="0.30")
    first = shop.subscribe()
    shop.link()
    shop.collect()
    assert state(shop) == ("PENDING", "CARRIED")
    assert Dunning.objects.get(invoice=first).due_at is None

    shop.world.advance("2026-04-01T02:00:00Z")
    shop.collect()

    first.refresh_from_db()
    assert (first.status, shop.invoice.status) == ("PAID", "PAID")
    assert [row["amount"] for row in stripe.things("intent")] == [60]
    assert {c.status for c in Collection.objects.all()} == {"ENDED"}


def test_the_last_fils_is_carried(stripe: FakeStripe, db: None) -> None:
    shop = Shop(stripe)
    shop.open(price="1.239", currency="KWD")
    shop.subscribe()
    shop.link()

    shop.collect()
    shop.collect()

    assert state(shop) == ("PARTIALLY_PAID", "CARRIED")
    assert shop.invoice.amount_due_minor == 9


def test_a_customer_that_was_deleted_at_stripe_is_unlinked(shop: Shop, due: Invoice) -> None:
    name = shop.customer
    shop.stripe.delete_customer(customer_id=name, idempotency_key="k")

    shop.tell("customer.deleted", "customer", name)
    shop.collect()

    assert shop.customer == ""
    assert Profile.objects.get().payment_method == ""
    assert shop.stripe.things("intent") == []
