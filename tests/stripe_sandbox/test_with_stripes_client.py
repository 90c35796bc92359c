"""The sandbox, asked by Stripe's own client: what it answers is what that client understands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.stripe_sandbox.server import Sandbox

KEY = "sk_test_" + "a" * 24


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(key=KEY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    """Also hold it to Stripe's document: no test may make it drift."""
    yield running
    running.faults.clear()
    assert running.drifts == []


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    return client_of(sandbox)


def client_of(sandbox: Sandbox, **more: Any) -> Any:
    return stripe.StripeClient(
        KEY,
        base_addresses={"api": sandbox.url},
        max_network_retries=more.get("retries", 0),
        http_client=stripe.RequestsClient(),
    )


def test_a_customer_is_made_found_changed_and_deleted(client: Any) -> None:
    made = client.v1.customers.create(
        {"email": "a@example.com", "name": "A", "metadata": {"reference": "r-1"}}
    )

    found = client.v1.customers.search({"query": "metadata['reference']:'r-1'"})
    client.v1.customers.update(made.id, {"name": "B", "address": {"city": "Berlin"}})
    changed = client.v1.customers.retrieve(made.id)
    gone = client.v1.customers.delete(made.id)

    assert [row.id for row in found.data] == [made.id]
    assert (changed.name, changed.address.city) == ("B", "Berlin")
    assert gone.deleted is True
    assert client.v1.customers.retrieve(made.id).deleted is True


def plan(client: Any, amount: int = 2000) -> Any:
    product = client.v1.products.create({"name": "Pro"})
    return client.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": amount,
            "recurring": {"interval": "month"},
        }
    )


def owner(client: Any, card: str = "pm_card_visa", **more: Any) -> Any:
    made = client.v1.customers.create({"email": "b@example.com", **more})
    method = client.v1.payment_methods.attach(card, {"customer": made.id})
    client.v1.customers.update(made.id, {"invoice_settings": {"default_payment_method": method.id}})
    return made


def test_a_subscription_is_charged_at_once(client: Any) -> None:
    price, customer = plan(client), owner(client)

    made = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "expand": ["latest_invoice.payments"],
        }
    )

    assert made.status == "active"
    assert (made.latest_invoice.status, made.latest_invoice.amount_paid) == ("paid", 2000)
    assert made.latest_invoice.payments.data[0].status == "paid"


def test_an_invoice_is_written_line_by_line_and_paid(client: Any) -> None:
    customer = owner(client)
    invoice = client.v1.invoices.create({"customer": customer.id, "currency": "usd"})
    for amount in (500, 250):
        client.v1.invoice_items.create(
            {
                "customer": customer.id,
                "invoice": invoice.id,
                "amount": amount,
                "currency": "usd",
                "description": "Usage",
            }
        )

    final = client.v1.invoices.finalize_invoice(invoice.id)
    paid = client.v1.invoices.pay(invoice.id)

    assert (final.status, final.amount_due, len(final.lines.data)) == ("open", 750, 2)
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 750, 0)


def test_a_decline_is_a_card_error_and_leaves_the_invoice_open(client: Any) -> None:
    customer = owner(client, "pm_card_chargeCustomerFail")
    invoice = client.v1.invoices.create({"customer": customer.id, "currency": "usd"})
    client.v1.invoice_items.create(
        {"customer": customer.id, "invoice": invoice.id, "amount": 900, "currency": "usd"}
    )
    client.v1.invoices.finalize_invoice(invoice.id)

    with pytest.raises(stripe.CardError) as caught:
        client.v1.invoices.pay(invoice.id)

    assert (caught.value.code, caught.value.http_status) == ("card_declined", 402)
    assert client.v1.invoices.retrieve(invoice.id).status == "open"


def test_a_bank_that_asks_its_absent_customer_declines(client: Any) -> None:
    customer = owner(client, "pm_card_authenticationRequired")

    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_intents.create(
            {
                "amount": 1000,
                "currency": "usd",
                "customer": customer.id,
                "payment_method": client.v1.payment_methods.list({"customer": customer.id})
                .data[0]
                .id,
                "off_session": True,
                "confirm": True,
            }
        )

    assert caught.value.code == "authentication_required"
    assert caught.value.error.payment_intent.status == "requires_payment_method"


def test_lists_come_in_pages_that_the_client_walks(client: Any) -> None:
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_800_000_000})
    made = [client.v1.customers.create({"test_clock": clock.id}).id for _ in range(7)]

    page = client.v1.customers.list({"limit": 3, "test_clock": clock.id})
    walked = [row.id for row in page.auto_paging_iter()]

    assert (len(page.data), page.has_more) == (3, True)
    assert walked == made[::-1]


def test_a_year_on_a_test_clock_is_twelve_paid_invoices(client: Any) -> None:
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_769_817_600})  # 31 January
    price, customer = plan(client), owner(client, test_clock=clock.id)
    made = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})

    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1_799_900_000})

    invoices = client.v1.invoices.list({"subscription": made.id, "limit": 100}).data
    assert [row.status for row in invoices] == ["paid"] * 12
    starts = [row.lines.data[0].period.start for row in reversed(invoices)]
    assert starts[:3] == [1_769_817_600, 1_772_236_800, 1_774_915_200]


def test_a_renewal_that_fails_is_past_due_then_ends(client: Any) -> None:
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_800_000_000})
    price, customer = plan(client), owner(client, test_clock=clock.id)
    made = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.v1.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": bad.id}}
    )
    month = 32 * 86_400

    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1_800_000_000 + month})
    late = client.v1.subscriptions.retrieve(made.id).status
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1_802_592_000 + month})

    assert late == "past_due"
    assert client.v1.subscriptions.retrieve(made.id).status == "canceled"


def test_refunds_and_disputes_move_money_back(client: Any, sandbox: Sandbox) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "payment_method_types": ["card"],
        }
    )

    client.v1.refunds.create({"payment_intent": intent.id, "amount": 400})
    disputed = client.v1.payment_intents.create(
        {
            "amount": 700,
            "currency": "eur",
            "payment_method": "pm_card_createDispute",
            "confirm": True,
        }
    )

    charge = client.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (400, False)
    assert [row.amount for row in charge.refunds.data] == [400]
    disputes = client.v1.disputes.list({"payment_intent": disputed.id}).data
    assert [row.status for row in disputes] == ["needs_response"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"amount": 10, "currency": "usd"}, "amount_too_small"),
        ({"amount": "ten", "currency": "usd"}, "parameter_invalid_integer"),
        ({"currency": "usd"}, "parameter_missing"),
        ({"amount": 1000, "currency": "usd", "colour": "red"}, "parameter_unknown"),
        ({"amount": 1000, "currency": "usd", "customer": "cus_none"}, "resource_missing"),
    ],
)
def test_what_stripe_refuses_is_refused(client: Any, form: dict[str, Any], code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.create(form)

    assert (caught.value.code, caught.value.http_status) == (code, 400)


def test_another_key_is_refused(sandbox: Sandbox) -> None:
    stranger = stripe.StripeClient("sk_test_wrong", base_addresses={"api": sandbox.url})

    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.customers.list()


def test_a_key_gives_the_first_answer_again_and_refuses_another_request(
    client: Any,
) -> None:
    first = client.v1.customers.create({"name": "A"}, {"idempotency_key": "k-1"})

    again = client.v1.customers.create({"name": "A"}, {"idempotency_key": "k-1"})

    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"name": "B"}, {"idempotency_key": "k-1"})


@pytest.mark.parametrize("kind", ["500_before", "500_after", "429", "reset_before", "reset_after"])
def test_the_clients_own_retries_do_it_once(sandbox: Sandbox, kind: str) -> None:
    client = client_of(sandbox, retries=2)
    sandbox.faults.plan({"kind": kind, "path": "/v1/customers$", "method": "POST"})

    client.v1.customers.create({"name": f"Once {kind}"})

    found = client.v1.customers.search({"query": f'name:"Once {kind}"'})
    assert len(found.data) == 1


def test_a_checkout_is_completed_on_its_page(client: Any, sandbox: Sandbox) -> None:
    from tests.stripe_sandbox.person import Person

    price, customer = plan(client), client.v1.customers.create({"email": "c@example.com"})
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": price.id, "quantity": 1}],
            "subscription_data": {"metadata": {"tenant": "t-1"}},
            "success_url": "https://example.com/ok?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://example.com/no",
        }
    )
    person = Person()

    refused = person.pays(session.url, card="4000000000000002")
    landed = person.pays(session.url, card="4242424242424242")

    assert "Your card was declined." in refused
    assert landed == f"https://example.com/ok?session={session.id}"
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert (done.status, done.payment_status) == ("complete", "paid")
    assert done.subscription.metadata["tenant"] == "t-1"
    types = {row.type for row in client.v1.events.list({"limit": 100}).data}
    assert {"checkout.session.completed", "customer.subscription.created"} <= types
