"""Paying an invoice in the browser: one intent for what is due, and it is paid once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.kernel import clock
from billing.models import CreditGrant
from invoicing.models import Invoice
from paying.models import Intent, Receipt
from tests.client import Api, error_of, json_of
from tests.fakes.stripe import FakeStripe, Mood
from tests.paying.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(shop: Shop) -> Invoice:
    return shop.subscribe()


def ask(invoice: Invoice, **headers: str) -> Any:
    return Api.of("billing_admin").post(f"/invoices/{invoice.pk}/payment-intent", **headers)


def test_an_intent_is_for_what_is_due(shop: Shop, due: Invoice) -> None:
    asked = json_of(ask(due))

    (row,) = shop.stripe.things("intent")
    assert asked == {
        "paymentIntentId": row["id"],
        "clientSecret": f"{row['id']}_secret_fake",
        "amount": "30.00",
        "currency": "USD",
    }
    assert (row["amount"], row["customer_id"], row["invoice"]) == (
        3000,
        shop.customer,
        str(due.pk),
    )


def test_asked_again_it_is_the_same(shop: Shop, due: Invoice) -> None:
    assert json_of(ask(due)) == json_of(ask(due))
    assert len(shop.stripe.things("intent")) == 1


def test_once_paid_the_invoice_is(shop: Shop, due: Invoice) -> None:
    name = json_of(ask(due))["paymentIntentId"]
    shop.stripe.confirm(name)

    for number in range(2):
        shop.tell("payment_intent.succeeded", "payment_intent", name, id=f"evt_{number}")

    assert (shop.invoice.status, shop.invoice.amount_paid_minor) == ("PAID", 3000)
    assert [p.reference for p in due.payments.all()] == [f"stripe:{name}"]
    assert error_of(ask(due)) == (409, "NOTHING_DUE")


def test_a_payment_whose_event_is_lost_is_found_when_asked_again(shop: Shop, due: Invoice) -> None:
    shop.stripe.confirm(json_of(ask(due))["paymentIntentId"])

    assert error_of(ask(due)) == (409, "NOTHING_DUE")
    assert shop.invoice.status == "PAID"


def test_another_amount_is_another_intent_and_the_older_is_canceled(
    shop: Shop, due: Invoice
) -> None:
    ask(due)
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "10.00"})

    assert json_of(ask(due))["amount"] == "20.00"
    states = [row["status"] for row in shop.stripe.things("intent")]
    assert states == ["canceled", "requires_payment_method"]


def test_what_is_paid_twice_becomes_credit(shop: Shop, due: Invoice) -> None:
    name = json_of(ask(due))["paymentIntentId"]
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "25.00"})
    shop.stripe.confirm(name)

    shop.tell("payment_intent.succeeded", "payment_intent", name)

    assert (shop.invoice.status, shop.invoice.amount_paid_minor) == ("PAID", 3000)
    assert CreditGrant.objects.get().remaining_minor == 2500
    receipt = Receipt.objects.get()
    assert (receipt.amount_minor, receipt.credited_minor) == (3000, 2500)


def test_one_that_was_declined_may_be_tried_again(shop: Shop, due: Invoice) -> None:
    name = json_of(ask(due))["paymentIntentId"]
    shop.stripe.confirm(name, failure="insufficient_funds")
    shop.tell("payment_intent.payment_failed", "payment_intent", name)

    assert Intent.objects.get().status == "DECLINED"
    assert json_of(ask(due))["paymentIntentId"] == name


def test_one_that_was_canceled_at_stripe_is_replaced(shop: Shop, due: Invoice) -> None:
    name = json_of(ask(due))["paymentIntentId"]
    shop.stripe.set(name, status="canceled")

    assert json_of(ask(due))["paymentIntentId"] != name


def test_while_the_bank_is_at_it_nothing_is_asked_twice(shop: Shop, due: Invoice) -> None:
    shop.stripe.set(json_of(ask(due))["paymentIntentId"], status="processing")

    assert error_of(ask(due))[0] == 503
    assert error_of(ask(due)) == (503, "STRIPE_NOT_SETTLED")


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.LOST_BEFORE, Mood.LOST_AFTER])
def test_a_lost_answer_leaves_one_intent(shop: Shop, due: Invoice, mood: Mood) -> None:
    shop.link()
    shop.stripe.plan = [mood]

    assert error_of(ask(due)) == (502, "STRIPE_ERROR")

    asked = json_of(ask(due))
    assert [row["id"] for row in shop.stripe.things("intent")] == [asked["paymentIntentId"]]


def test_a_key_that_stripe_has_forgotten_makes_no_second_one(shop: Shop, due: Invoice) -> None:
    shop.link()
    shop.stripe.plan = [Mood.LOST_AFTER]
    ask(due)
    shop.stripe.forget_keys()
    Intent.objects.update(asked_at=clock.now() - timedelta(hours=25))

    asked = json_of(ask(due))

    assert [row["id"] for row in shop.stripe.things("intent")] == [asked["paymentIntentId"]]


def test_too_little_for_stripe_is_a_409(stripe: FakeStripe, db: None) -> None:
    shop = Shop(stripe)
    shop.open(price="0.30")
    due = shop.subscribe()

    assert error_of(ask(due)) == (409, "AMOUNT_BELOW_MINIMUM")
    assert stripe.things("intent") == []


@pytest.mark.parametrize(
    ("price", "currency", "minor"), [("500", "JPY", 500), ("1.239", "KWD", 1230)]
)
def test_currencies_with_other_decimals(
    stripe: FakeStripe, db: None, price: str, currency: str, minor: int
) -> None:
    shop = Shop(stripe)
    shop.open(price=price, currency=currency)
    due = shop.subscribe()

    json_of(ask(due))

    assert [row["amount"] for row in stripe.things("intent")] == [minor]


def test_a_draft_and_a_void_one_are_not_paid(shop: Shop, due: Invoice) -> None:
    draft = shop.world.post(f"/tenants/{shop.world.tenant}/invoices")["id"]
    shop.world.post(f"/invoices/{due.pk}/void")

    assert error_of(ask(Invoice.objects.get(pk=draft))) == (409, "NOTHING_DUE")
    assert error_of(ask(due)) == (409, "NOTHING_DUE")
