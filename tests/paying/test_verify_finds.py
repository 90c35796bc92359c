"""`bin/manage verify` looks at what Stripe took, too: rows are broken one by one, and named."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from invoicing.verification import verify
from paying.models import Receipt
from tests.paying.conftest import Shop
from tests.services.test_verify_finds import break_row

pytestmark = pytest.mark.django_db

BROKEN: list[tuple[str, str, str, str]] = [
    # the check, the table whose triggers are off, what breaks a row, how it is named
    (
        "payments_have_receipts",
        "invoicing_payment",
        "UPDATE invoicing_payment SET reference = 'stripe:pi_nobody' WHERE amount_minor = 1000",
        "it names pi_nobody, of which nothing was received",
    ),
    (
        "receipts_are_placed",
        "paying_receipt",
        "UPDATE paying_receipt SET amount_minor = amount_minor + 1",
        "it took 3001: 1000 are on invoices, 2000 became credit, 0 unexplained",
    ),
    (
        "receipts_are_placed",
        "paying_receipt",
        "UPDATE paying_receipt SET credit_id = NULL",
        "2000 became credit, the grant has 0",
    ),
    (
        "money_is_received_once",
        "paying_receipt",
        (
            "INSERT INTO paying_receipt (stripe_id, account_id, invoice_id, intent_id, charge_id, "
            "currency, amount_minor, credited_minor, refunded_minor, unexplained_minor, dispute, "
            "created_at) SELECT 'in_again', account_id, invoice_id, intent_id, '', currency, "
            "amount_minor, 0, 0, amount_minor, '', created_at FROM paying_receipt"
        ),
        "it was received more than once, by in_again and pi_",
    ),
    (
        "what_is_paid_was_received",
        "paying_intent",
        "UPDATE paying_intent SET stripe_id = 'pi_gone'",
        "what is paid was received: payment asked for pi_gone: it is paid, and has no receipt",
    ),
    (
        "nothing_is_paid_above_its_total",
        "invoicing_payment",
        "UPDATE invoicing_payment SET amount_minor = 2001 WHERE reference = ''",
        "3001 were paid, it asks for 3000",
    ),
]


def live(shop: Shop) -> None:
    """Pay 30.00 in the browser of which 20.00 came by transfer meanwhile: that is credit."""
    due = shop.subscribe()
    name = shop.world.post(f"/invoices/{due.pk}/payment-intent")["paymentIntentId"]
    shop.world.post(f"/invoices/{due.pk}/payments", {"amount": "20.00"})
    shop.stripe.confirm(name)
    shop.tell("payment_intent.succeeded", "payment_intent", name)
    assert Receipt.objects.get().credited_minor == 2000


def test_each_check_has_its_broken_row() -> None:
    named = {name.rpartition(".")[2] for name in settings.BILLING_CHECKS}

    assert {case[0] for case in BROKEN} == named


@pytest.mark.parametrize(
    ("table", "statement", "named"), [case[1:] for case in BROKEN], ids=[c[3][:30] for c in BROKEN]
)
def test_a_broken_row_is_found_and_named(
    shop: Shop, table: str, statement: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    live(shop)
    assert list(verify()) == []

    assert break_row(table, statement) > 0
    with pytest.raises(CommandError, match="not what they must be"):
        call_command("verify")

    assert named in capsys.readouterr().out
