"""What the gateway promises of invoices that we bring to Stripe, of the fake and of our client."""

from __future__ import annotations

from uuid import uuid4

import pytest

from billing.kernel.money import Money
from billing.stripe.gateway import Gateway
from billing.stripe.values import InvoiceOrder, InvoiceState, StripeInvoiceLine
from tests.paying.sides import ASKING, BROKE, Side
from tests.paying.test_gateway_contract import LONG_AGO, customer


@pytest.fixture
def stripe(side: Side) -> Gateway:
    return side.gateway


def invoice_order(customer_id: str) -> InvoiceOrder:
    return InvoiceOrder(
        reference=uuid4(),
        invoice=uuid4(),
        account=uuid4(),
        customer_id=customer_id,
        currency="USD",
        description="Invoice 1",
        lines=[
            StripeInvoiceLine(description="Pro", amount=Money(3000, "USD")),
            StripeInvoiceLine(description="Nothing", amount=Money(0, "USD")),
            StripeInvoiceLine(description="Discount", amount=Money(-500, "USD")),
        ],
    )


def pushed(stripe: Gateway, asked: InvoiceOrder) -> InvoiceState:
    """Make and complete an invoice, each twice."""
    drafts = [stripe.draft_invoice(order=asked, idempotency_key="one") for _ in range(2)]
    assert (drafts[0].id, drafts[0].status) == (drafts[1].id, "draft")
    named = {"invoice_id": drafts[0].id, "order": asked, "idempotency_key": "one"}
    done = [stripe.complete_invoice(**named) for _ in range(2)]  # type: ignore[arg-type]
    assert done[0].status == done[1].status == "open"
    return done[0]


def test_an_invoice_is_made_once_a_key_completed_and_voided(stripe: Gateway) -> None:
    asked = invoice_order(customer(stripe))

    made = pushed(stripe, asked)

    assert (made.due, made.invoice) == (Money(2500, "USD"), asked.invoice)
    found = stripe.find_invoices(
        customer_id=asked.customer_id, reference=asked.reference, since=LONG_AGO
    )
    assert [one.id for one in found] == [made.id]
    for number in range(2):
        left = stripe.void_invoice(invoice_id=made.id, idempotency_key=f"v{number}")
        assert left is not None
        assert left.status == "void"


def test_an_invoice_is_paid_once_with_the_card(stripe: Gateway, side: Side) -> None:
    name = customer(stripe)
    method = side.give_card(name)
    made = pushed(stripe, invoice_order(name))
    assert made.page

    for number in range(2):
        key = f"pay{number}"
        paid = stripe.pay_invoice(invoice_id=made.id, payment_method=method, idempotency_key=key)
        assert (paid.status, paid.paid, paid.failure) == ("paid", Money(2500, "USD"), "")
        assert paid.intent_id


@pytest.mark.parametrize(
    ("card", "code"), [(BROKE, "generic_decline"), (ASKING, "authentication_required")]
)
def test_a_declined_invoice_is_a_state_and_the_same_one_again(
    stripe: Gateway, side: Side, card: str, code: str
) -> None:
    name = customer(stripe)
    method = side.give_card(name, card)
    made = pushed(stripe, invoice_order(name))
    asked = {"invoice_id": made.id, "payment_method": method, "idempotency_key": "pay"}

    first, again = (stripe.pay_invoice(**asked) for _ in range(2))

    assert (first.status, first.failure) == (again.status, again.failure) == ("open", code)
    found = stripe.invoice(invoice_id=made.id)
    assert found is not None
    assert (found.failure, found.paid.minor) == (code, 0)
    mended = stripe.pay_invoice(
        invoice_id=made.id, payment_method=side.give_card(name), idempotency_key="pay2"
    )
    assert mended.status == "paid"
