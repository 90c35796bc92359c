"""Stripe collects by an invoice of ours that it has too: an item for each line, paid once."""

from __future__ import annotations

from typing import Any

import pytest

from billing.kernel import clock
from invoicing import verification
from invoicing.models import Invoice
from invoicing.records import Mail, MailTemplate
from paying.choosing import choose_mode
from paying.models import Collection, Intent, Receipt, StripeThing
from paying.money.reminding import tell_due
from paying.reconciling import reconcile
from tests.fakes.stripe import FakeStripe, Mood
from tests.paying.conftest import Shop
from tests.paying.test_collecting import later, state

pytestmark = pytest.mark.django_db


def by_invoice(shop: Shop) -> None:
    choose_mode(account_id=shop.id, mode="COLLECT", way="INVOICE", now=clock.now())


@pytest.fixture
def due(shop: Shop) -> Invoice:
    invoice = shop.subscribe()
    shop.link()
    by_invoice(shop)
    return invoice


def theirs(shop: Shop) -> dict[str, Any]:
    (row,) = shop.stripe.things("invoice")
    return row


def test_what_is_final_is_pushed_line_by_line_and_paid_once(shop: Shop, due: Invoice) -> None:
    shop.collect()
    shop.collect()

    pushed = theirs(shop)
    assert state(shop) == ("PAID", "ENDED")
    ours = [[line.description, line.amount_minor] for line in due.lines.all()]
    assert list(pushed["lines"].values()) == ours
    assert (pushed["status"], pushed["paid"], pushed["method"]) == ("paid", 3000, "pm_card_visa")
    assert shop.stripe.things("intent") == []
    assert [p.reference for p in due.payments.all()] == [f"stripe:{pushed['id']}"]
    assert shop.invoice.stripe_invoice_id == pushed["id"]
    assert Intent.objects.get().key == f"invoice:{due.pk}:pushed:0"


def test_its_events_say_nothing_new(shop: Shop, due: Invoice) -> None:
    shop.collect()
    kinds = ("finalized", "paid", "payment_failed", "voided")

    rows = [shop.tell(f"invoice.{kind}", "invoice", theirs(shop)["id"]) for kind in kinds]

    assert {(row.status, row.outcome) for row in rows} == {("DONE", "the invoice is PAID")}
    assert due.payments.count() == Receipt.objects.count() == 1


def test_what_was_paid_or_credited_before_is_a_line_of_its_own(shop: Shop, due: Invoice) -> None:
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "10.00"})
    shop.world.post(f"/invoices/{due.pk}/credit-notes", {"amount": "5.00", "reason": "x"})

    shop.collect()

    lines = list(theirs(shop)["lines"].values())
    assert lines[1:] == [["Credited afterwards", -500], ["Paid already", -1000]]
    assert (theirs(shop)["paid"], shop.invoice.status) == (1500, "PAID")


@pytest.mark.parametrize("call", ["draft_invoice", "complete_invoice", "pay_invoice"])
@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.LOST_BEFORE, Mood.LOST_AFTER, Mood.TWICE])
def test_whatever_happens_on_the_way_it_is_one(
    shop: Shop, due: Invoice, mood: Mood, call: str
) -> None:
    shop.stripe.before = lambda verb: shop.stripe.plan.append(mood) if verb == call else None
    shop.collect()
    shop.stripe.before = lambda _: None

    shop.collect(at=later(minutes=5))

    assert state(shop) == ("PAID", "ENDED")
    assert (theirs(shop)["tries"], due.payments.count()) == (1, 1)
    assert list(verification.verify()) == []


@pytest.mark.parametrize("call", ["draft_invoice", "complete_invoice", "pay_invoice"])
def test_after_a_day_it_is_looked_for_before_it_is_pushed(
    shop: Shop, due: Invoice, call: str
) -> None:
    lost = Mood.LOST_AFTER
    shop.stripe.before = lambda verb: shop.stripe.plan.append(lost) if verb == call else None
    shop.collect()
    shop.stripe.before = lambda _: None
    shop.stripe.forget_keys()

    shop.collect(at=later(hours=30))

    assert state(shop) == ("PAID", "ENDED")
    assert (theirs(shop)["tries"], due.payments.count()) == (1, 1)


def test_a_decline_is_tried_again_on_the_same_invoice(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["insufficient_funds"] * 9
    seen = []
    for days in (0, 2, 3, 8, 15, 40):
        shop.collect(at=later(days=days))
        tell_due(stripe=shop.stripe, now=later(days=days))
        seen.append((theirs(shop)["tries"], state(shop)[1]))

    assert seen == [
        (1, "DECLINED"),
        (1, "DECLINED"),
        (2, "DECLINED"),
        (3, "DECLINED"),
        (4, "GIVEN_UP"),
        (4, "GIVEN_UP"),
    ]
    assert Collection.objects.get().failure == "insufficient_funds"
    mails = Mail.objects.filter(template=MailTemplate.PAYMENT_FAILED)
    assert mails.count() == 4
    assert {theirs(shop)["id"] in mail.text for mail in mails} == {True}


def test_a_new_card_pays_it(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()

    shop.stripe.set(shop.customer, payment_method="pm_new")
    shop.tell("customer.updated", "customer", shop.customer)
    shop.collect()

    assert state(shop) == ("PAID", "ENDED")
    assert (theirs(shop)["method"], theirs(shop)["tries"]) == ("pm_new", 2)


def test_paid_by_the_customer_on_its_page_it_is_received(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()
    name = theirs(shop)["id"]
    shop.stripe.set(name, status="paid", paid=3000, failure="")

    for number in range(2):
        shop.tell("invoice.paid", "invoice", name, id=f"evt_{number}")

    assert state(shop) == ("PAID", "ENDED")
    assert Receipt.objects.count() == 1
    assert StripeThing.objects.get(pk=name).drift == ""


def test_a_payment_whose_event_is_lost_is_found_by_comparing(shop: Shop, due: Invoice) -> None:
    shop.stripe.before = lambda verb: (
        shop.stripe.plan.append(Mood.LOST_AFTER) if verb == "pay_invoice" else None
    )
    shop.collect()
    shop.stripe.before = lambda _: None
    Intent.objects.update(asked_at=later(hours=-2))

    reconcile(stripe=shop.stripe, now=clock.now())

    assert shop.invoice.status == "PAID"


def test_too_little_is_carried_to_the_next_and_named_there(stripe: FakeStripe, db: None) -> None:
    shop = Shop(stripe)
    shop.open(price="0.30")
    first = shop.subscribe()
    shop.link()
    by_invoice(shop)
    shop.collect()
    assert state(shop) == ("PENDING", "CARRIED")

    shop.world.advance("2026-04-01T02:00:00Z")
    shop.collect()

    first.refresh_from_db()
    assert (first.status, shop.invoice.status) == ("PAID", "PAID")
    lines = [row["lines"] for row in stripe.things("invoice")]
    assert list(lines[0].values())[-1] == [f"Carried over from invoice {first.number}", 30]
    assert [row["paid"] for row in stripe.things("invoice")] == [60]


@pytest.mark.parametrize(
    ("price", "currency", "minor", "left"), [("500", "JPY", 500, 0), ("1.239", "KWD", 1230, 9)]
)
def test_currencies_with_other_decimals(
    stripe: FakeStripe, db: None, price: str, currency: str, minor: int, left: int
) -> None:
    shop = Shop(stripe)
    shop.open(price=price, currency=currency)
    shop.subscribe()
    shop.link()
    by_invoice(shop)

    shop.collect()

    assert [row["due"] for row in stripe.things("invoice")] == [minor]
    assert shop.invoice.amount_due_minor == left
