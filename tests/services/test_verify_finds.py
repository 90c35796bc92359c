"""`bin/manage verify`: rows are broken one by one, past all that guards them, and each is named."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from invoicing.verification import CHECKS, names, verify
from tests.scenarios.taxes import rate
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db

CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.10"}
LINE = "UPDATE invoicing_invoiceline SET amount_minor = amount_minor + 1 WHERE type = "
BROKEN: list[tuple[str, str, str, str]] = [
    # the check, the table whose triggers are off, what breaks a row, how it is named
    (
        "invoice_totals",
        "invoicing_invoice",
        "UPDATE invoicing_invoice SET subtotal_minor = subtotal_minor + 1 WHERE number LIKE 'T%%'",
        "invoice totals: invoice TEST-2025-000001: subtotal is kept as 4101, its lines say 4100",
    ),
    (
        "invoice_recalculated",
        "invoicing_invoiceline",
        "UPDATE invoicing_invoiceline SET discount_minor = 0 WHERE type = 'USAGE'",
        "invoice recalculated: invoice TEST-2025-000001: the lines' discounts are kept as",
    ),
    (
        "credit_of_invoices",
        "billing_creditentry",
        "DELETE FROM billing_creditentry WHERE kind = 'USE'",
        "credit of invoices: invoice TEST-2025-000001: creditsApplied is 500, the ledger has 0",
    ),
    (
        "fees_anew",
        "invoicing_invoiceline",
        f"{LINE}'PLAN'",
        "fees anew: invoice TEST-2025-000001, line 0: the fee is kept as 3001, its seconds come",
    ),
    (
        "taxes_anew",
        "invoicing_invoiceline",
        f"{LINE}'TAX'",
        "taxes anew: invoice TEST-2025-000001: its taxes are kept as 702 at 19 %, they come to 701",
    ),
    (
        "payments_of_invoices",
        "invoicing_payment",
        "UPDATE invoicing_payment SET amount_minor = 999",
        "payments of invoices: invoice TEST-2025-000001: amountPaid is kept as 1000, its rows sum",
    ),
    (
        "credited_lines",
        "invoicing_creditnoteline",
        "UPDATE invoicing_creditnoteline SET amount_minor = 90000 WHERE amount_minor > 0",
        "credited lines: line ",
    ),
    (
        "usage_as_invoiced",
        "invoicing_billedusage",
        "UPDATE invoicing_billedusage SET amount_minor = amount_minor - 1",
        "usage as invoiced: period ",
    ),
    (
        "counters_as_events",
        "billing_usagecounter",
        "UPDATE billing_usagecounter SET events = events + 1",
        "counters as events: account ",
    ),
    (
        "grants_as_entries",
        "billing_creditgrant",
        "UPDATE billing_creditgrant SET remaining_minor = remaining_minor + 1",
        "grants as entries: grant ",
    ),
    (
        "periods_without_a_gap",
        "billing_subscriptionperiod",
        (
            "UPDATE billing_subscriptionperiod SET start_at = start_at + interval '1 h' "
            "WHERE sequence = (SELECT max(sequence) FROM billing_subscriptionperiod)"
        ),
        "periods without a gap: subscription ",
    ),
    (
        "periods_have_prices",
        "billing_segment",
        "UPDATE billing_segment SET start_at = start_at + interval '1 h'",
        "periods have prices: subscription ",
    ),
    (
        "periods_have_invoices_to_come",
        "billing_invoicedue",
        "DELETE FROM billing_invoicedue WHERE due_at IS NOT NULL",
        "invoices to come: period ",
    ),
    (
        "numbers_without_a_gap",
        "invoicing_invoiceseries",
        "UPDATE invoicing_invoiceseries SET last = last + 1 WHERE prefix NOT LIKE 'TEST%%'",
        "numbers without a gap: series INV-",
    ),
]


def live() -> None:
    """Live a month with all that is checked, and an invoice on real time."""
    rate("DE", "19", "USt")
    world = World()
    real = world.post("/tenants", {"name": "Real"})["id"]
    world.tenant = real
    world.subscribe(world.plan())
    invoice = world.post(f"/tenants/{real}/invoices")["id"]
    world.post(f"/invoices/{invoice}/finalize")
    world.begin("2025-04-01T00:00:00Z", address={"country": "DE"})
    path = f"/subscriptions/{world.subscribe(world.plan(charges=[CALLS]))['id']}"
    world.post(f"{path}/discount", {"discountPercent": "10"})
    world.post(f"{path}/credits", {"amount": "5.00"})
    world.use("API_CALLS", "110")
    world.advance("2025-05-02T00:00:00Z")
    (billed,) = world.invoices()
    world.post(f"/invoices/{billed['id']}/payments", {"amount": "10.00"})
    world.post(f"/invoices/{billed['id']}/credit-notes", {"amount": "3.00", "reason": "x"})


def break_row(table: str, statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        rows: int = cursor.rowcount
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return rows


def test_each_check_has_its_broken_row() -> None:
    assert {case[0] for case in BROKEN} == set(CHECKS)


@pytest.mark.parametrize(
    ("table", "statement", "named"),
    [case[1:] for case in BROKEN],
    ids=[case[0] for case in BROKEN],
)
def test_a_broken_row_is_found_and_named(
    table: str, statement: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    live()
    before = list(verify())

    rows = break_row(table, statement)
    with pytest.raises(CommandError, match="not what they must be"):
        call_command("verify")

    assert before == []
    assert rows > 0
    assert named in capsys.readouterr().out


def test_what_is_whole_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    live()

    call_command("verify")

    assert capsys.readouterr().out == f"All is as it must be: {len(names())} checks.\n"
