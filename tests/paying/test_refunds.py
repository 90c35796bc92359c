"""Money that goes back at Stripe: a credit note that is paid out, or credit that ends."""

from __future__ import annotations

import pytest

from billing.models import CreditGrant
from invoicing.models import Invoice
from invoicing.records import CreditNote
from paying.models import Receipt
from tests.paying.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(shop: Shop) -> Invoice:
    invoice = shop.subscribe()
    shop.link()
    return invoice


def test_a_refund_is_a_credit_note_that_is_paid_out(shop: Shop, due: Invoice) -> None:
    shop.collect()
    (charge,) = shop.stripe.things("intent")
    name = shop.stripe.put(
        "charge", "ch_1", amount=3000, currency="USD", refunded=1000, intent_id=charge["id"]
    )

    for number in range(2):
        shop.tell("charge.refunded", "charge", name, id=f"evt_{number}")

    note = CreditNote.objects.get()
    assert (note.total_minor, note.credit_granted_minor) == (1000, 1000)
    assert CreditGrant.objects.get().remaining_minor == 0
    receipt = Receipt.objects.get()
    assert (receipt.refunded_minor, receipt.unexplained_minor) == (1000, 0)
    assert shop.invoice.status == "PAID"


def test_a_second_refund_is_only_what_is_more(shop: Shop, due: Invoice) -> None:
    shop.collect()
    (charge,) = shop.stripe.things("intent")
    name = shop.stripe.put(
        "charge", "ch_1", amount=3000, currency="USD", refunded=1000, intent_id=charge["id"]
    )
    shop.tell("charge.refunded", "charge", name, id="evt_1")
    shop.stripe.set(name, refunded=3000)

    shop.tell("charge.refunded", "charge", name, id="evt_2")

    assert sorted(note.total_minor for note in CreditNote.objects.all()) == [1000, 2000]


def test_a_refund_of_what_was_paid_twice_ends_the_credit(shop: Shop, due: Invoice) -> None:
    from tests.paying.test_intents import ask

    name = ask(due).json()["paymentIntentId"]
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "30.00"})
    shop.stripe.confirm(name)
    shop.tell("payment_intent.succeeded", "payment_intent", name)
    shop.stripe.put("charge", "ch_1", amount=3000, currency="USD", refunded=3000, intent_id=name)

    shop.tell("charge.refunded", "charge", "ch_1")

    assert CreditGrant.objects.get().remaining_minor == 0
    assert CreditNote.objects.count() == 0


def test_a_dispute_is_shown_and_a_lost_one_is_a_refund(shop: Shop, due: Invoice) -> None:
    shop.collect()
    (charge,) = shop.stripe.things("intent")
    shop.stripe.put("charge", "ch_1", amount=3000, currency="USD", intent_id=charge["id"])
    shop.stripe.put(
        "dispute",
        "dp_1",
        charge_id="ch_1",
        amount=3000,
        currency="USD",
        status="needs_response",
    )
    shop.tell("charge.dispute.created", "dispute", "dp_1", id="evt_1")
    assert (Receipt.objects.get().dispute, CreditNote.objects.count()) == ("needs_response", 0)

    shop.stripe.set("dp_1", status="lost")
    shop.tell("charge.dispute.closed", "dispute", "dp_1", id="evt_2")

    assert CreditNote.objects.get().total_minor == 3000
    assert Receipt.objects.get().dispute == "lost"
