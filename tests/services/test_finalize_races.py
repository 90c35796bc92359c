"""Finalizing an invoice while others void it, pay it, use more, or grant credit: at one instant."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from billing.credits import ledger
from billing.credits.services import grant_credit
from billing.models import CreditEntry, CreditGrant
from invoicing import collecting, services
from invoicing.models import Invoice
from invoicing.records import Payment
from invoicing.verification import verify
from tests.scenarios.world import World
from tests.services.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2025, 5, 1, tzinfo=UTC)
CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1.00"}


@pytest.fixture
def world() -> World:
    """April is over, and its draft of 35.00 waits for its grace to end; 12.00 of credit."""
    made = World()
    made.begin("2025-04-01T00:00:00Z")
    subscription = made.subscribe(made.plan(charges=[CALLS]))
    made.post(f"/subscriptions/{subscription['id']}/credits", {"amount": "12.00"}, status=201)
    made.use("API_CALLS", "5")
    made.advance("2025-05-01T00:00:00Z")
    return made


def ids(world: World) -> dict[str, Any]:
    draft = Invoice.objects.get(account_id=world.tenant)
    return {"account_id": UUID(world.tenant), "invoice_id": draft.pk}


def whole() -> bool:
    return list(map(str, verify())) == []


def test_against_a_void_the_invoice_is_void_and_its_credit_is_back(world: World) -> None:
    of = ids(world)
    finalize = partial(services.finalize_invoice, **of, now=MAY)
    void = partial(services.void_invoice, **of, now=MAY)

    outcomes = at_once([finalize, void, finalize, void])

    assert sorted(outcomes[1::2]) == ["INVALID_TRANSITION", "done"], "it is voided once"
    assert "done" in outcomes[1::2]
    assert Invoice.objects.get(pk=of["invoice_id"]).status == "VOID"
    assert ledger.balance_of(of["account_id"]) == 1200
    uses = CreditEntry.objects.filter(kind="USE").count()
    assert CreditEntry.objects.filter(kind="RETURN").count() == uses
    assert whole()


def test_against_payments_it_is_never_paid_before_it_is_final(world: World) -> None:
    of = ids(world)
    calls: list[Any] = [partial(services.finalize_invoice, **of, now=MAY)]
    for number in range(5):
        pay = partial(collecting.record_payment, **of, amount="10.00", reference=str(number))
        calls.append(partial(pay, now=MAY))

    outcomes = at_once(calls)

    invoice = Invoice.objects.get(pk=of["invoice_id"])
    paid = outcomes[1:].count("done")
    assert outcomes[0] == "done"
    assert paid <= 2, "23.00 are due after the credit"
    assert (invoice.amount_paid_minor, Payment.objects.count()) == (paid * 1000, paid)
    assert whole()


def test_against_late_events_each_is_billed_once_now_or_on_the_next_invoice(world: World) -> None:
    of = ids(world)
    calls: list[Any] = [
        partial(world.use, "API_CALLS", "1", timestamp=f"2025-04-{day:02d}T00:00:00Z")
        for day in range(10, 16)
    ]
    calls.insert(3, partial(services.finalize_invoice, **of, now=MAY))

    outcomes = at_once(calls)
    world.advance("2025-06-01T01:00:00Z")

    assert outcomes == ["done"] * 7
    april, may = world.invoices()
    used = sum(
        Decimal(line["amount"])
        for invoice in (april, may)
        for line in invoice["lines"]
        if line["type"] in {"USAGE", "ADJUSTMENT"}
    )
    assert used == 5 + 6
    assert whole()


def test_against_grants_no_credit_is_lost_nor_used_twice(world: World) -> None:
    of = ids(world)
    grant = partial(grant_credit, account_id=of["account_id"], amount="10.00", now=MAY)

    outcomes = at_once([grant, grant, partial(services.finalize_invoice, **of, now=MAY), grant])

    assert outcomes == ["done"] * 4
    invoice = Invoice.objects.get(pk=of["invoice_id"])
    assert invoice.credits_applied_minor in {1200, 2200, 3200, 3500}
    assert ledger.balance_of(of["account_id"]) == 4200 - invoice.credits_applied_minor
    left = CreditGrant.objects.values_list("remaining_minor", flat=True)
    assert sum(left) == 4200 - invoice.credits_applied_minor
    assert whole()
