"""What is told: Stripe of a customer that changed, customers of declines, others of payments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.kernel import clock
from billing.outbox.models import OutboxEvent
from invoicing.models import Invoice
from invoicing.records import Mail, MailTemplate
from paying.buying.saying import say_changes
from paying.models import Profile
from paying.money.reminding import tell_due
from paying.pages import own_return
from paying.syncing.customers import unlink
from tests.fakes.stripe import Mood
from tests.paying.conftest import Shop
from tests.paying.test_checkout import checkout, complete
from tests.paying.test_intents import ask

pytestmark = pytest.mark.django_db


def change(shop: Shop, **fields: Any) -> None:
    shop.world.call("patch", f"/tenants/{shop.world.tenant}", fields)


def said(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.stripe.customers[shop.customer]
    return found


def later(**ahead: int) -> Any:
    return clock.now() + timedelta(**ahead)


def test_what_changes_of_a_customer_is_told_once(shop: Shop) -> None:
    shop.link()
    change(shop, name="Another", billingEmail="new@acme.example", address={"city": "Köln"})

    for _ in range(2):
        say_changes(stripe=shop.stripe, now=later(seconds=1))

    names = ("name", "email", "address")
    assert [said(shop)[name] for name in names] == ["Another", "new@acme.example", {"city": "Köln"}]
    assert shop.stripe.calls.count("update") == 1
    assert Profile.objects.get().tell_at is None


@pytest.mark.parametrize("fields", [{"timezone": "Asia/Tokyo"}, {"taxId": None}, {"name": "Acme"}])
def test_what_stripe_does_not_know_is_not_told(shop: Shop, fields: dict[str, Any]) -> None:
    shop.link()
    change(shop, **fields)

    assert not Profile.objects.filter(tell_at__isnull=False).exists()


def test_who_is_not_linked_is_not_told_of(shop: Shop) -> None:
    change(shop, name="Another")

    assert Profile.objects.count() == 0


def test_where_stripe_is_away_it_stays_due(shop: Shop) -> None:
    shop.link()
    change(shop, name="Another")
    shop.stripe.plan = [Mood.FAILS]

    say_changes(stripe=shop.stripe, now=later(seconds=1))
    say_changes(stripe=shop.stripe, now=later(minutes=1))
    before = said(shop)["name"]
    say_changes(stripe=shop.stripe, now=later(minutes=6))

    assert (before, said(shop)["name"]) == ("Acme", "Another")


def test_what_stripe_refuses_is_not_told_again(shop: Shop) -> None:
    shop.link()
    change(shop, name="Another")
    shop.stripe.plan = [Mood.REFUSES]

    say_changes(stripe=shop.stripe, now=later(seconds=1))

    assert Profile.objects.get().tell_at is None


def test_what_changes_while_it_is_told_is_told_again(shop: Shop) -> None:
    shop.link()
    change(shop, name="Another")
    shop.stripe.before = lambda verb: change(shop, name="A third")
    say_changes(stripe=shop.stripe, now=later(seconds=1))
    shop.stripe.before = lambda _: None

    say_changes(stripe=shop.stripe, now=later(seconds=2))

    assert said(shop)["name"] == "A third"
    assert Profile.objects.get().tell_at is None


@pytest.fixture
def due(shop: Shop) -> Invoice:
    invoice = shop.subscribe()
    shop.link()
    return invoice


def decline(shop: Shop, code: str) -> None:
    shop.stripe.decline = [code] * 9
    shop.collect()


WORDS = [
    ("insufficient_funds", MailTemplate.PAYMENT_FAILED, "declined", "DECLINED"),
    ("authentication_required", MailTemplate.PAYMENT_ACTION, "Your bank asks you", "GIVEN_UP"),
]


@pytest.mark.parametrize(("code", "template", "words", "status"), WORDS)
def test_a_decline_is_told_by_mail_with_a_page_once(
    shop: Shop, due: Invoice, code: str, template: str, words: str, status: str
) -> None:
    decline(shop, code)

    for _ in range(2):
        tell_due(stripe=shop.stripe, now=later(seconds=1))

    mail = Mail.objects.get(template=template)
    (page,) = shop.stripe.things("checkout")
    assert words in mail.text
    assert f"https://checkout.stripe.example/c/{page['id']}" in mail.text
    assert (due.collection.status, page["amount"]) == (status, 3000)


def test_each_attempt_that_fails_is_told(shop: Shop, due: Invoice) -> None:
    decline(shop, "insufficient_funds")
    tell_due(stripe=shop.stripe, now=later(seconds=1))
    shop.collect(at=later(days=4))
    tell_due(stripe=shop.stripe, now=later(days=4, seconds=1))

    assert Mail.objects.filter(template=MailTemplate.PAYMENT_FAILED).count() == 2


@pytest.mark.parametrize(
    ("set_to", "place"),
    [
        ({"BILLING_PORT": 8291}, "http://localhost:8291/stripe/return"),
        ({"BILLING_SECURE": True, "BILLING_PORT": 8291}, "https://localhost/stripe/return"),
        ({"STRIPE_RETURN_URLS": ("https://a.example/x",)}, "https://a.example/x"),
    ],
)
def test_from_the_page_of_a_mail_a_browser_comes_back_to_us(
    settings: Any, set_to: dict[str, Any], place: str
) -> None:
    ours = {"ALLOWED_HOSTS": ["localhost"], "STRIPE_RETURN_URLS": (), "BILLING_SECURE": False}
    settings.BILLING = {**settings.BILLING, **ours, **set_to}

    assert own_return() == place


def test_without_a_page_the_mail_has_no_link(shop: Shop, due: Invoice) -> None:
    decline(shop, "insufficient_funds")
    shop.stripe.plan = [Mood.FAILS]

    tell_due(stripe=shop.stripe, now=later(seconds=1))

    assert "https://" not in Mail.objects.get(template=MailTemplate.PAYMENT_FAILED).text


def test_what_was_paid_meanwhile_is_not_told(shop: Shop, due: Invoice) -> None:
    decline(shop, "insufficient_funds")
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "30.00"})

    tell_due(stripe=shop.stripe, now=later(seconds=1))

    assert not Mail.objects.filter(template=MailTemplate.PAYMENT_FAILED).exists()


def test_a_customer_whose_answer_was_lost_is_linked_by_its_event(shop: Shop) -> None:
    shop.stripe.plan = [Mood.LOST_AFTER]
    shop.world.post("/stripe/portal", {"tenantId": shop.world.tenant}, status=502)
    (lost,) = shop.stripe.customers
    assert shop.customer == ""

    row = shop.tell("customer.created", "customer", lost)

    assert (row.status, shop.customer) == ("DONE", lost)
    assert Profile.objects.get().asked == {}
    shop.world.post("/stripe/portal", {"tenantId": shop.world.tenant})
    assert list(shop.stripe.customers) == [lost]


def test_a_customer_of_a_forgotten_key_is_found_and_not_made_again(shop: Shop) -> None:
    shop.stripe.plan = [Mood.LOST_AFTER]
    shop.world.post("/stripe/portal", {"tenantId": shop.world.tenant}, status=502)
    shop.stripe.forget_keys()
    Profile.objects.update(asked_at=later(hours=-25))

    shop.world.post("/stripe/portal", {"tenantId": shop.world.tenant})

    assert list(shop.stripe.customers) == [shop.customer]


def test_an_account_that_is_linked_is_not_linked_to_another(shop: Shop) -> None:
    shop.link()
    before = shop.customer
    with shop.stripe._state() as state:
        state["customers"]["cus_other"] = dict(state["customers"][before])

    row = shop.tell("customer.created", "customer", "cus_other")

    assert (row.status, shop.customer) == ("KEPT", before)
    unlink(account_id=shop.id, customer_id="cus_other", now=clock.now())
    assert shop.customer == before


def told() -> list[tuple[str, Any]]:
    rows = OutboxEvent.objects.filter(kind__regex="^(payment|checkout)").order_by("number")
    return [(row.kind, row.data) for row in rows]


def test_others_are_told_of_a_payment_and_what_became_of_it(shop: Shop, due: Invoice) -> None:
    decline(shop, "insufficient_funds")
    shop.stripe.decline = []
    shop.collect(at=later(days=4))
    paid = [row for row in shop.stripe.things("intent") if row["status"] == "succeeded"]
    taken = {"amount": 3000, "currency": "USD", "intent_id": paid[0]["id"]}
    shop.stripe.put("charge", "ch_1", refunded=1000, **taken)
    shop.stripe.put("dispute", "dp_1", charge_id="ch_1", status="needs_response", **taken)
    for number in range(2):
        shop.tell("charge.refunded", "charge", "ch_1", id=f"evt_r{number}")
        shop.tell("charge.dispute.created", "dispute", "dp_1", id=f"evt_d{number}")

    failed, succeeded, refunded, disputed = told()
    assert failed[0] == "payment.failed"
    assert (failed[1]["amount"], failed[1]["reason"]) == ("30.00", "insufficient_funds")
    assert succeeded[0] == "payment.succeeded"
    assert (succeeded[1]["amount"], succeeded[1]["invoice"]["id"]) == ("30.00", str(due.pk))
    assert (refunded[0], refunded[1]["refunded"]) == ("payment.refunded", "10.00")
    assert (disputed[0], disputed[1]["dispute"]) == ("payment.disputed", "needs_response")
    assert {data["tenantId"] for _, data in told()} == {str(shop.id)}


def test_others_are_told_of_a_purchase_once(shop: Shop) -> None:
    page = checkout(shop)["sessionId"]
    complete(shop, page)
    shop.tell("checkout.session.completed", "checkout.session", page, id="evt_again")

    assert [kind for kind, _ in told()] == ["checkout.completed"]


def test_money_that_nobody_asked_for_is_told_with_what_became_credit(
    shop: Shop, due: Invoice
) -> None:
    name = ask(due).json()["paymentIntentId"]
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "30.00"})
    shop.stripe.confirm(name)
    shop.tell("payment_intent.succeeded", "payment_intent", name)

    ((kind, data),) = [one for one in told() if one[0] == "payment.succeeded"]
    assert (kind, data["credited"]) == ("payment.succeeded", "30.00")
