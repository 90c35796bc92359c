"""An invoice that Stripe has too is asked for by one of us at a time: else it is voided there."""

from __future__ import annotations

import pytest

from billing.kernel import clock
from billing.models import CreditGrant
from invoicing import verification
from invoicing.models import Invoice
from paying.choosing import choose_mode
from paying.models import Collection, Intent, Receipt, StripeThing
from tests.client import Api, json_of
from tests.fakes.stripe import Mood
from tests.paying.conftest import Shop
from tests.paying.test_collecting import later, state
from tests.paying.test_pushing import by_invoice, theirs

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(shop: Shop) -> Invoice:
    invoice = shop.subscribe()
    shop.link()
    by_invoice(shop)
    return invoice


def test_settled_otherwise_it_is_voided_there(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "30.00"})

    shop.collect()

    assert (theirs(shop)["status"], Intent.objects.get().status) == ("void", "CANCELED")
    row = shop.tell("invoice.voided", "invoice", theirs(shop)["id"])
    assert (row.status, Collection.objects.get().status) == ("DONE", "ENDED")


def test_paid_there_while_it_is_withdrawn_it_becomes_credit(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()
    shop.stripe.set(theirs(shop)["id"], status="paid", paid=3000, failure="")
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "30.00"})

    shop.collect()

    assert CreditGrant.objects.get().remaining_minor == 3000
    assert list(verification.verify()) == []


def test_another_amount_is_another_invoice(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "10.00"})

    shop.collect(at=later(days=4))

    rows = shop.stripe.things("invoice")
    assert [(row["status"], row["due"]) for row in rows] == [("void", 3000), ("paid", 2000)]
    assert shop.invoice.status == "PAID"


def test_the_other_way_is_chosen_in_between(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()
    choose_mode(account_id=shop.id, mode="COLLECT", way="INTENT", now=clock.now())

    shop.collect(at=later(days=4))

    assert theirs(shop)["status"] == "void"
    assert len(shop.stripe.things("intent")) == 1
    assert shop.invoice.status == "PAID"


def test_who_pays_in_the_browser_is_not_asked_by_the_invoice(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()

    asked = json_of(Api.of("billing_admin").post(f"/invoices/{due.pk}/payment-intent"))
    shop.tell("invoice.voided", "invoice", theirs(shop)["id"])
    shop.stripe.confirm(asked["paymentIntentId"])
    shop.tell("payment_intent.succeeded", "payment_intent", asked["paymentIntentId"])

    assert theirs(shop)["status"] == "void"
    assert (asked["amount"], state(shop)) == ("30.00", ("PAID", "ENDED"))


def test_voided_at_stripe_it_waits_for_staff(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()
    Collection.objects.update(status="WAITING", due_at=later(hours=6))
    shop.stripe.set(theirs(shop)["id"], status="void")

    shop.tell("invoice.voided", "invoice", theirs(shop)["id"])

    row = Collection.objects.get()
    assert (row.status, row.failure, row.due_at) == ("GIVEN_UP", "void", None)


def test_marked_as_paid_there_without_money_is_for_staff(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()
    name = theirs(shop)["id"]
    shop.stripe.set(name, status="paid", paid=0, failure="")

    shop.tell("invoice.paid", "invoice", name)
    shop.collect(at=later(days=1))

    assert (shop.invoice.status, Receipt.objects.count()) == ("PENDING", 0)
    assert "record the payment here" in StripeThing.objects.get(pk=name).drift


def test_a_draft_that_somebody_wrote_on_is_not_finalized(shop: Shop, due: Invoice) -> None:
    shop.stripe.before = lambda verb: (
        shop.stripe.plan.append(Mood.FAILS) if verb == "complete_invoice" else None
    )
    shop.collect()
    shop.stripe.before = lambda _: None
    shop.stripe.set(theirs(shop)["id"], lines={"x": ["Something else", 1]})

    shop.collect(at=later(minutes=5))

    assert theirs(shop)["status"] == "draft"
    assert (state(shop), Intent.objects.get().status) == (("PENDING", "GIVEN_UP"), "REFUSED")
