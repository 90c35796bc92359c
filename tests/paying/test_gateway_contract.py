"""What the gateway promises, of the fake and of our client alike: so the fake can not drift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.kernel.money import Money
from billing.stripe.errors import StripeRefused
from billing.stripe.gateway import Gateway, Party
from billing.stripe.values import CheckoutOrder, IntentOrder
from tests.paying.sides import ASKING, BROKE, FakeSide, Side

ACME = Party("ap@acme.example", "Acme", {"line1": "Torstraße 1", "city": "Berlin", "country": "DE"})
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def stripe(side: Side) -> Gateway:
    return side.gateway


def customer(stripe: Gateway, reference: UUID | None = None) -> str:
    key = f"k:{uuid4()}"
    return stripe.create_customer(reference=reference or uuid4(), party=ACME, idempotency_key=key)


def page(customer_id: str, **more: Any) -> CheckoutOrder:
    return CheckoutOrder(
        reference=uuid4(),
        customer_id=customer_id,
        success_url="https://app.example/ok",
        cancel_url="https://app.example/no",
        currency="USD",
        **more,
    )


def order(customer_id: str, method: str = "", minor: int = 3000) -> IntentOrder:
    return IntentOrder(
        reference=uuid4(),
        invoice=uuid4(),
        account=uuid4(),
        customer_id=customer_id,
        amount=Money(minor, "USD"),
        description="Invoice 1",
        payment_method=method,
    )


def test_a_customer_is_made_once_a_key_and_found_by_our_reference(stripe: Gateway) -> None:
    reference = uuid4()
    asked = {"reference": reference, "party": ACME, "idempotency_key": "one"}

    made = [stripe.create_customer(**asked) for _ in range(2)]  # type: ignore[arg-type]

    assert made[0] == made[1]
    assert list(stripe.find_customers(reference=reference)) == [made[0]]
    assert list(stripe.find_customers(reference=uuid4())) == []
    found = stripe.customer(customer_id=made[0])
    assert found is not None
    assert (found.reference, found.is_deleted, found.payment_method) == (reference, False, "")


def test_another_request_under_a_key_is_refused(stripe: Gateway) -> None:
    stripe.create_customer(reference=uuid4(), party=ACME, idempotency_key="one")

    with pytest.raises(StripeRefused):
        stripe.create_customer(reference=uuid4(), party=ACME, idempotency_key="one")


def test_a_customer_is_changed_and_deleted_once(stripe: Gateway, side: Side) -> None:
    name = customer(stripe)
    method = side.give_card(name)
    stripe.update_customer(customer_id=name, party=Party("b@b.example", "B"), idempotency_key="u")
    stripe.set_payment_method(customer_id=name, payment_method=method, idempotency_key="m")

    found = stripe.customer(customer_id=name)
    gone = [stripe.delete_customer(customer_id=name, idempotency_key=f"d{n}") for n in range(2)]

    assert found is not None
    assert found.payment_method == method
    assert gone == [True, False]
    after = stripe.customer(customer_id=name)
    assert after is None or after.is_deleted


def test_what_is_not_there_is_none(stripe: Gateway) -> None:
    assert stripe.customer(customer_id="cus_none") is None
    assert stripe.checkout(checkout_id="cs_test_none") is None
    assert stripe.intent(intent_id="pi_none") is None
    assert stripe.charge(charge_id="ch_none") is None
    assert stripe.dispute(dispute_id="dp_none") is None
    assert stripe.subscription(subscription_id="sub_none") is None
    assert stripe.invoice(invoice_id="in_none") is None


def test_a_page_takes_down_a_card(stripe: Gateway, side: Side) -> None:
    asked = page(customer(stripe))
    made = [stripe.create_checkout(order=asked, idempotency_key="one") for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0].status, made[0].url != "") == ("open", True)

    side.buy(made[0].url, made[0].id)

    found = stripe.checkout(checkout_id=made[0].id)
    assert found is not None
    assert (found.status, found.reference, found.subscription_id) == (
        "complete",
        asked.reference,
        "",
    )
    assert found.payment_method


@pytest.mark.parametrize(("days", "status"), [(0, "active"), (14, "trialing")])
def test_a_page_subscribes_at_a_price(stripe: Gateway, side: Side, days: int, status: str) -> None:
    price = side.price()
    asked = page(customer(stripe), price_id=price, trial_days=days)
    made = stripe.create_checkout(order=asked, idempotency_key="one")

    side.buy(made.url, made.id)

    found = stripe.checkout(checkout_id=made.id)
    assert found is not None
    theirs = stripe.subscription(subscription_id=found.subscription_id)
    assert theirs is not None
    assert (theirs.status, theirs.price_id, theirs.reference) == (status, price, asked.reference)
    for number in range(2):
        stripe.cancel_subscription(subscription_id=theirs.id, idempotency_key=f"c{number}")
    ended = stripe.subscription(subscription_id=theirs.id)
    assert ended is not None
    assert ended.status == "canceled"


def test_a_price_that_is_not_there_is_named_as_missing(stripe: Gateway) -> None:
    asked = page(customer(stripe), price_id="price_none")

    with pytest.raises(StripeRefused) as refused:
        stripe.create_checkout(order=asked, idempotency_key="one")

    assert refused.value.reason == "resource_missing"


def test_a_page_is_closed_once(stripe: Gateway) -> None:
    made = stripe.create_checkout(order=page(customer(stripe)), idempotency_key="one")

    for number in range(2):
        stripe.expire_checkout(checkout_id=made.id, idempotency_key=f"x{number}")

    found = stripe.checkout(checkout_id=made.id)
    assert found is not None
    assert (found.status, found.url) == ("expired", "")


def test_the_portal_is_somewhere(stripe: Gateway) -> None:
    name = customer(stripe)

    assert stripe.create_portal(customer_id=name, return_url="https://a.example/").startswith(
        "http"
    )
    with pytest.raises(StripeRefused):
        stripe.create_portal(customer_id="cus_none", return_url="https://a.example/")


def test_a_card_on_file_is_charged_once_a_key(stripe: Gateway, side: Side) -> None:
    name = customer(stripe)
    asked = order(name, side.give_card(name))

    first, again = (stripe.create_intent(order=asked, idempotency_key="one") for _ in range(2))

    assert first == again
    assert (first.status, first.received, first.failure) == ("succeeded", Money(3000, "USD"), "")
    assert (first.reference, first.invoice) == (asked.reference, asked.invoice)
    rows = stripe.find_intents(customer_id=name, reference=asked.reference, since=LONG_AGO)
    assert [row.id for row in rows] == [first.id]
    assert stripe.find_intents(customer_id=name, reference=uuid4(), since=LONG_AGO) == []
    assert stripe.intent(intent_id=first.id) == first


@pytest.mark.parametrize(
    ("card", "code"), [(BROKE, "generic_decline"), (ASKING, "authentication_required")]
)
def test_a_decline_is_a_state_and_the_same_one_again(
    stripe: Gateway, side: Side, card: str, code: str
) -> None:
    name = customer(stripe)
    asked = order(name, side.give_card(name, card))

    first, again = (stripe.create_intent(order=asked, idempotency_key="one") for _ in range(2))

    assert (first.id, first.status) == (again.id, "requires_payment_method")
    assert (first.failure, again.failure, first.received.minor) == (code, code, 0)


def test_an_intent_for_the_browser_waits_and_is_canceled_once(stripe: Gateway) -> None:
    asked = order(customer(stripe))
    made = stripe.create_intent(order=asked, idempotency_key="one")
    assert (made.status, made.client_secret != "") == ("requires_payment_method", True)

    for number in range(2):
        left = stripe.cancel_intent(intent_id=made.id, idempotency_key=f"c{number}")
        assert left is not None
        assert left.status == "canceled"


def test_what_is_paid_is_not_canceled(stripe: Gateway, side: Side) -> None:
    name = customer(stripe)
    made = stripe.create_intent(order=order(name, side.give_card(name)), idempotency_key="one")

    left = stripe.cancel_intent(intent_id=made.id, idempotency_key="c")

    assert left is not None
    assert left.status == "succeeded"


def test_what_went_back_stands_on_the_charge(stripe: Gateway, side: Side) -> None:
    name = customer(stripe)
    made = stripe.create_intent(order=order(name, side.give_card(name)), idempotency_key="one")

    side.refund(made.id, Money(1000, "USD"))

    found = stripe.charge(charge_id=made.charge_id)
    assert found is not None
    assert (found.amount.minor, found.refunded.minor, found.intent_id) == (3000, 1000, made.id)


def test_events_are_listed_the_newest_first(stripe: Gateway, side: Side) -> None:
    if isinstance(side, FakeSide):
        for number in range(3):
            side.fake.happened("customer.created", "customer", f"cus_{number}", at=LONG_AGO)
    else:
        for _ in range(3):
            customer(stripe)

    first = stripe.events(since=LONG_AGO - timedelta(days=1), limit=2)
    rest = stripe.events(since=LONG_AGO - timedelta(days=1), before=first.events[-1].id, limit=2)

    assert (len(first.events), first.has_more, len(rest.events), rest.has_more) == (
        2,
        True,
        1,
        False,
    )
    assert {event.type for event in (*first.events, *rest.events)} == {"customer.created"}
    assert all(event.object_id.startswith("cus_") for event in first.events)
