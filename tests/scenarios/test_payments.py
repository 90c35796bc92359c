"""Payments from outside, and writing off: through the API, on a test clock."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import AuditEntry
from invoicing.records import Payment
from tests.scenarios.test_dunning import pay, unpaid
from tests.scenarios.world import World


def shown(world: World, invoice: Any) -> Any:
    return world.get(f"/invoices/{invoice['id']}")


def refused(world: World, invoice: Any, body: Any, *, status: int = 400) -> Any:
    """Send a payment that must be refused, and return why; nothing has changed by it."""
    before = (shown(world, invoice), Payment.objects.count(), AuditEntry.objects.count())
    answer = world.post(f"/invoices/{invoice['id']}/payments", body, status=status)
    assert (shown(world, invoice), Payment.objects.count(), AuditEntry.objects.count()) == before
    return answer["error"]


def test_an_invoice_is_paid_in_parts(world: World) -> None:
    invoice = unpaid(world)

    first = pay(world, invoice, "10.00", reference="A-1", paidAt="2025-05-01T00:00:00Z")
    world.advance("2025-05-05T00:00:00Z")
    second = pay(world, invoice, "20.00", reference="A-2", paidAt="2025-05-04T12:00:00+02:00")

    assert (first["status"], first["amountPaid"], first["amountDue"], first["paidAt"]) == (
        "PARTIALLY_PAID",
        "10.00",
        "20.00",
        None,
    )
    assert (second["status"], second["amountPaid"], second["amountDue"], second["paidAt"]) == (
        "PAID",
        "30.00",
        "0.00",
        "2025-05-04T10:00:00Z",
    )
    listed = world.get(f"/invoices/{invoice['id']}/payments?sort=paidAt&direction=asc")
    assert [
        (row["amount"], row["currency"], row["reference"], row["paidAt"], row["createdAt"])
        for row in listed["data"]
    ] == [
        ("10.00", "USD", "A-1", "2025-05-01T00:00:00Z", "2025-05-01T01:00:00Z"),
        ("20.00", "USD", "A-2", "2025-05-04T10:00:00Z", "2025-05-05T00:00:00Z"),
    ]


def test_a_number_is_taken_as_it_is_written(world: World) -> None:
    invoice = unpaid(world)

    assert pay(world, invoice, 12.5)["amountPaid"] == "12.50"


@pytest.mark.parametrize(
    "amount",
    [
        *("0.00", "-1.00", "1.000", "1.0", "1", "1e3", "", " 1.00", "NaN", True, None, [], 0, -1),
        *(1.001, "9999999999999.00", "1000000000000.01", 10**15),
    ],
)
def test_an_amount_that_is_none_is_refused_by_its_name(world: World, amount: Any) -> None:
    invoice = unpaid(world)

    error = refused(world, invoice, {"amount": amount})

    assert [detail["field"] for detail in error["details"]] == ["amount"]


def test_more_than_is_due_is_refused(world: World) -> None:
    invoice = unpaid(world)
    pay(world, invoice, "10.00")

    error = refused(world, invoice, {"amount": "20.01"}, status=409)

    assert error["code"] == "PAYMENT_ABOVE_DUE"
    assert error["message"] == "The payment is more than what is due: 20.00 USD."


def test_a_reference_is_taken_once_on_an_invoice(world: World) -> None:
    invoice = unpaid(world)
    pay(world, invoice, "10.00", reference="A-1")

    error = refused(world, invoice, {"amount": "10.00", "reference": "A-1"}, status=409)

    assert error["code"] == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("paid_at", "rule"),
    [
        ("2025-05-01T01:00:01Z", "must not be in the future"),
        ("2025-04-30T23:59:59Z", "must not be before the invoice's issue date"),
    ],
)
def test_a_payment_lies_between_issue_and_now(world: World, paid_at: str, rule: str) -> None:
    invoice = unpaid(world)

    error = refused(world, invoice, {"amount": "1.00", "paidAt": paid_at})

    assert error["details"] == [{"field": "paidAt", "message": rule}]


def test_neither_a_draft_nor_a_void_invoice_is_paid(world: World) -> None:
    invoice = unpaid(world)
    draft = world.post(f"/tenants/{world.tenant}/invoices")
    world.post(f"/invoices/{invoice['id']}/void", {})

    on_draft = refused(world, draft, {"amount": "1.00"}, status=409)
    on_void = refused(world, invoice, {"amount": "1.00"}, status=409)

    assert (on_draft["code"], on_void["code"]) == ("INVALID_TRANSITION", "INVALID_TRANSITION")
    assert "DRAFT" in on_draft["message"]
    assert "VOID" in on_void["message"]


def test_what_is_uncollectible_stays_so_until_it_is_paid_in_full(world: World) -> None:
    invoice = unpaid(world)
    written_off = world.post(f"/invoices/{invoice['id']}/mark-uncollectible")

    part = pay(world, invoice, "10.00")
    whole = pay(world, invoice, "20.00")

    assert written_off["status"] == "UNCOLLECTIBLE"
    assert (part["status"], part["amountDue"]) == ("UNCOLLECTIBLE", "20.00")
    assert whole["status"] == "PAID"


def test_only_what_is_open_is_written_off(world: World) -> None:
    paid = unpaid(world)
    pay(world, paid, "30.00")
    draft = world.post(f"/tenants/{world.tenant}/invoices")

    for invoice in (paid, draft):
        before = shown(world, invoice)
        error = world.post(f"/invoices/{invoice['id']}/mark-uncollectible", status=409)["error"]
        assert error["code"] == "INVALID_TRANSITION"
        assert shown(world, invoice) == before


def test_an_invoice_with_payments_is_not_void(world: World) -> None:
    invoice = unpaid(world)
    before = pay(world, invoice, "1.00")

    error = world.post(f"/invoices/{invoice['id']}/void", {}, status=409)["error"]

    assert error["code"] == "INVOICE_HAS_PAYMENTS"
    assert shown(world, invoice) == before


def test_a_payment_that_is_sent_twice_under_a_key_is_one(world: World) -> None:
    invoice = unpaid(world)
    path = f"/invoices/{invoice['id']}/payments"

    first, again = (
        world.call("post", path, {"amount": "10.00"}, status=200, **{"Idempotency-Key": "pay-1"})
        for _ in range(2)
    )

    assert first == again
    assert (first["amountPaid"], Payment.objects.count()) == ("10.00", 1)
