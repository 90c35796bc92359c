"""Credit notes: in full, in part, by line; what they do with the money; what they refuse."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from billing.models import AuditEntry, CreditEntry
from invoicing.models import TaxRate
from invoicing.records import CreditNote, CreditNoteLine, Dunning, DunningEntry, Mail, Payment
from tests.scenarios.test_dunning import pay
from tests.scenarios.world import World

CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.10"}


def billed(world: World, **plan: Any) -> Any:
    """Bill April: a fee of 30.00 and 20.00 of usage, at 19 %: 59.50."""
    TaxRate.objects.create(country="DE", name="USt", percent=19, valid_from=date(2020, 1, 1))
    world.begin("2025-04-01T00:00:00Z", address={"country": "DE"})
    world.subscribe(world.plan(charges=[CALLS], **plan))
    world.use("API_CALLS", "200")
    world.advance("2025-05-01T01:00:00Z")
    (invoice,) = world.invoices()
    assert invoice["total"] == "59.50"
    return invoice


def credit(world: World, invoice: Any, **body: Any) -> Any:
    given = {"reason": "goodwill", **body}
    return world.post(f"/invoices/{invoice['id']}/credit-notes", given, status=201)


def shown(world: World, invoice: Any) -> Any:
    return world.get(f"/invoices/{invoice['id']}")


def balance(world: World) -> str:
    return str(world.get(f"/tenants/{world.tenant}")["creditBalance"])


def sums(invoice: Any) -> tuple[str, ...]:
    names = ("status", "amountPaid", "creditedTotal", "creditedDue", "amountDue")
    return tuple(invoice[name] for name in names)


def parts(note: Any) -> list[tuple[str, str]]:
    return [(line["type"], line["amount"]) for line in note["lines"]]


def test_an_unpaid_invoice_that_is_credited_in_full_is_paid_and_nothing_is_granted(
    world: World,
) -> None:
    invoice = billed(world)

    note = credit(world, invoice, amount="59.50")

    assert note["creditNoteNumber"] == "TEST-CN-2025-000001"
    assert (note["invoiceNumber"], note["issueDate"]) == (invoice["invoiceNumber"], "2025-05-01")
    assert parts(note) == [("PLAN", "30.00"), ("USAGE", "20.00"), ("TAX", "9.50")]
    assert (note["subtotal"], note["discountTotal"], note["taxTotal"], note["total"]) == (
        "50.00",
        "0.00",
        "9.50",
        "59.50",
    )
    assert (note["amountDueReduced"], note["creditGranted"], note["creditId"]) == (
        "59.50",
        "0.00",
        None,
    )
    assert sums(shown(world, invoice)) == ("PAID", "0.00", "59.50", "59.50", "0.00")
    assert balance(world) == "0.00"


def test_a_paid_invoice_that_is_credited_becomes_credit(world: World) -> None:
    invoice = billed(world)
    pay(world, invoice, "59.50")

    note = credit(world, invoice, amount="11.90")

    assert parts(note) == [("PLAN", "6.00"), ("USAGE", "4.00"), ("TAX", "1.90")]
    assert (note["amountDueReduced"], note["creditGranted"]) == ("0.00", "11.90")
    assert sums(shown(world, invoice)) == ("PAID", "59.50", "11.90", "0.00", "0.00")
    assert balance(world) == "11.90"
    world.advance("2025-06-01T01:00:00Z")
    assert world.invoices()[1]["creditsApplied"] == "11.90"


def test_what_is_due_is_reduced_first_and_the_rest_becomes_credit(world: World) -> None:
    invoice = billed(world)
    pay(world, invoice, "50.00")

    note = credit(world, invoice, amount="20.00")

    assert (note["amountDueReduced"], note["creditGranted"]) == ("9.50", "10.50")
    assert sums(shown(world, invoice)) == ("PAID", "50.00", "20.00", "9.50", "0.00")
    assert balance(world) == "10.50"


def test_a_line_is_credited_with_its_tax(world: World) -> None:
    invoice = billed(world)
    usage = invoice["lines"][1]

    part = credit(world, invoice, lines=[{"lineId": usage["id"], "amount": "5.00"}])
    rest = credit(world, invoice, lines=[{"lineId": usage["id"]}])

    assert parts(part) == [("USAGE", "5.00"), ("TAX", "0.95")]
    assert parts(rest) == [("USAGE", "15.00"), ("TAX", "2.85")]
    assert [note["creditNoteNumber"] for note in (part, rest)] == [
        "TEST-CN-2025-000001",
        "TEST-CN-2025-000002",
    ]
    assert sums(shown(world, invoice)) == ("PENDING", "0.00", "23.80", "23.80", "35.70")
    listed = world.get(f"/invoices/{invoice['id']}/credit-notes?direction=asc")["data"]
    assert listed == [part, rest]
    assert world.get(f"/credit-notes/{part['id']}") == part


def test_an_amount_after_a_line_takes_the_rest_exactly(world: World) -> None:
    invoice = billed(world)
    credit(world, invoice, lines=[{"lineId": invoice["lines"][1]["id"], "amount": "0.07"}])

    credit(world, invoice, amount="59.42")

    credited = CreditNoteLine.objects.filter(invoice_line__invoice_id=invoice["id"])
    totals: dict[str, int] = {}
    for line in credited.select_related("invoice_line"):
        kind = line.invoice_line.type
        totals[kind] = totals.get(kind, 0) + line.amount_minor
    assert totals == {"PLAN": 3000, "USAGE": 2000, "TAX": 950}
    assert sums(shown(world, invoice)) == ("PAID", "0.00", "59.50", "59.50", "0.00")


def test_an_invoice_that_credit_paid_gives_it_back_as_credit(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    subscription = world.subscribe(world.plan())
    world.post(f"/subscriptions/{subscription['id']}/credits", {"amount": "100.00"}, status=201)
    world.advance("2025-05-01T01:00:00Z")
    (invoice,) = world.invoices()

    note = credit(world, invoice, amount="30.00")

    assert (invoice["status"], invoice["creditsApplied"]) == ("PAID", "30.00")
    assert note["creditGranted"] == "30.00"
    assert balance(world) == "100.00"


def refused(world: World, invoice: Any, body: Any, *, status: int = 400) -> Any:
    """Send a credit note that must be refused, and return why; nothing has changed by it."""
    tables = (CreditNote, CreditNoteLine, CreditEntry, AuditEntry)
    before = (shown(world, invoice), [table._default_manager.count() for table in tables])
    path = f"/invoices/{invoice['id']}/credit-notes"
    error = world.post(path, body, status=status)["error"]
    assert (
        shown(world, invoice),
        [table._default_manager.count() for table in tables],
    ) == before
    return error


def test_never_more_than_is_left_in_all(world: World) -> None:
    invoice = billed(world)
    credit(world, invoice, amount="50.00")

    error = refused(world, invoice, {"amount": "9.51", "reason": "x"}, status=409)

    assert error["code"] == "CREDIT_ABOVE_INVOICE"
    assert error["message"] == "That is more than what is left to credit: 9.50 USD."


def test_never_more_than_is_left_of_a_line(world: World) -> None:
    invoice = billed(world)
    fee = invoice["lines"][0]["id"]
    credit(world, invoice, lines=[{"lineId": fee, "amount": "29.00"}])

    above = {"lines": [{"lineId": fee, "amount": "1.01"}], "reason": "x"}
    error = refused(world, invoice, above, status=409)
    credit(world, invoice, lines=[{"lineId": fee}])
    nothing = refused(world, invoice, {"lines": [{"lineId": fee}], "reason": "x"}, status=409)

    assert error["message"] == "That is more than what is left to credit: 1.00 USD."
    assert nothing["code"] == "NOTHING_TO_CREDIT"


AMOUNTS = ["0.00", "-1.00", "1.000", "1", "1e3", "", True, [], "1000000000000.01", "9" * 16]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_that_is_none_is_refused_by_its_name(world: World, amount: Any) -> None:
    invoice = billed(world)
    line = {"lineId": invoice["lines"][0]["id"], "amount": amount}

    whole = refused(world, invoice, {"amount": amount, "reason": "x"})
    part = refused(world, invoice, {"lines": [line], "reason": "x"})

    assert [detail["field"] for detail in whole["details"]] == ["amount"]
    assert [detail["field"] for detail in part["details"]] == ["lines[0].amount"]


def test_what_names_no_charge_of_the_invoice_is_refused(world: World) -> None:
    bodies: dict[str, dict[str, Any]]
    invoice = billed(world)
    world.advance("2025-06-01T01:00:00Z")
    other = world.invoices()[1]["lines"][0]["id"]
    fee, tax = invoice["lines"][0]["id"], invoice["lines"][2]["id"]

    bodies = {
        "another invoice's": {"lines": [{"lineId": fee}, {"lineId": other}]},
        "a tax": {"lines": [{"lineId": tax}]},
        "unknown": {"lines": [{"lineId": str(uuid4())}]},
        "no id": {"lines": [{"lineId": "1"}]},
        "twice": {"lines": [{"lineId": fee, "amount": "1.00"}, {"lineId": fee}]},
        "empty": {"lines": []},
        "no list": {"lines": {"lineId": fee}},
        "both": {"lines": [{"lineId": fee}], "amount": "1.00"},
        "neither": {},
        "long": {"amount": "1.00", "reason": "x" * 2001},
        "no reason": {"amount": "1.00", "reason": ""},
    }
    errors = {
        name: refused(world, invoice, {"reason": "x", **body})["details"][0]["field"]
        for name, body in bodies.items()
    }

    assert errors == {
        "another invoice's": "lines[1].lineId",
        "a tax": "lines[0].lineId",
        "unknown": "lines[0].lineId",
        "no id": "lines[0].lineId",
        "twice": "lines[1].lineId",
        "empty": "lines",
        "no list": "lines",
        "both": "amount",
        "neither": "amount",
        "long": "reason",
        "no reason": "reason",
    }


def test_neither_a_draft_nor_a_void_invoice_is_credited(world: World) -> None:
    invoice = billed(world)
    draft = world.post(f"/tenants/{world.tenant}/invoices")
    world.post(f"/invoices/{invoice['id']}/void", {})

    codes = [
        refused(world, one, {"amount": "1.00", "reason": "x"}, status=409)["code"]
        for one in (draft, invoice)
    ]

    assert codes == ["INVALID_TRANSITION", "INVALID_TRANSITION"]


def test_an_invoice_with_a_credit_note_is_not_void(world: World) -> None:
    invoice = billed(world)
    credit(world, invoice, amount="1.00")
    before = shown(world, invoice)

    error = world.post(f"/invoices/{invoice['id']}/void", {}, status=409)["error"]

    assert error["code"] == "INVOICE_HAS_CREDIT_NOTES"
    assert shown(world, invoice) == before


def test_a_clock_that_is_deleted_takes_all_that_was_collected_with_it(world: World) -> None:
    invoice = billed(world)
    world.call("patch", f"/tenants/{world.tenant}", {"billingEmail": "ap@acme.example"}, status=200)
    pay(world, invoice, "59.50")
    credit(world, invoice, amount="11.90")
    world.advance("2025-06-20T00:00:00Z")

    world.call("delete", f"/test-clocks/{world.clock}", status=204)

    world.get(f"/tenants/{world.tenant}", status=404)
    tables = (CreditNote, CreditNoteLine, CreditEntry, Payment, Mail, Dunning, DunningEntry)
    assert [table._default_manager.count() for table in tables] == [0] * len(tables)
