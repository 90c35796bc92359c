"""What holds invoices together: the database's refusals, numbers, credits, races."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from billing.credits.services import grant_credit
from billing.kernel.errors import BillingError
from billing.models import CreditEntry, CreditGrant
from invoicing import drafting, run, services
from invoicing.models import BilledUsage, Invoice, InvoiceLine
from invoicing.numbering import next_number
from invoicing.records import InvoiceSeries
from tests.scenarios.world import World

MAY = datetime(2025, 5, 1, 1, tzinfo=UTC)


def finalized(world: World) -> Invoice:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    world.advance("2025-05-01T01:00:00Z")
    return Invoice.objects.get(account_id=world.tenant)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"total_minor": 1},
        {"currency": "EUR"},
        {"number": "INV-2025-999999"},
        {"buyer": {"name": "Someone else"}},
        {"issue_date": "2025-01-01"},
        {"status": "DRAFT"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_database_refuses_to_change_a_finalized_invoice(change: dict[str, Any]) -> None:
    invoice = finalized(World())

    with pytest.raises(IntegrityError, match="can not change"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(**change)

    assert Invoice.objects.get(pk=invoice.pk).total_minor == invoice.total_minor


@pytest.mark.django_db
def test_the_database_refuses_to_touch_a_finalized_invoices_lines() -> None:
    invoice = finalized(World())
    line = invoice.lines.get()

    for statement in (
        lambda: InvoiceLine.objects.filter(pk=line.pk).update(amount_minor=1),
        lambda: InvoiceLine.objects.create(
            account_id=invoice.account_id,
            invoice=invoice,
            position=9,
            type="PLAN",
            description="one more",
            quantity=1,
            amount_minor=1,
            period_start=MAY,
            period_end=MAY,
        ),
    ):
        with pytest.raises(IntegrityError, match="lines can not change"), transaction.atomic():
            statement()

    assert list(invoice.lines.values_list("amount_minor", flat=True)) == [3000]


@pytest.mark.django_db
def test_a_finalized_invoice_of_real_time_can_not_be_deleted() -> None:
    world = World()
    world.tenant = world.post("/tenants", {"name": "Real"})["id"]
    world.subscribe(world.plan(payInAdvance=True))
    invoice = Invoice.objects.get(account_id=world.tenant)

    with (
        pytest.raises(IntegrityError, match="can not be deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM invoicing_invoice WHERE id = %s", [invoice.pk])

    assert invoice.number is not None
    assert invoice.number.startswith("INV-")


@pytest.mark.django_db
def test_one_invoice_for_a_period_unless_void() -> None:
    invoice = finalized(World())

    with pytest.raises(IntegrityError, match="invoice_once_per_period"), transaction.atomic():
        Invoice.objects.create(
            account_id=invoice.account_id,
            subscription=invoice.subscription,
            period=invoice.period,
            kind=invoice.kind,
            currency="USD",
            period_start=invoice.period_start,
            period_end=invoice.period_end,
            calculated_at=MAY,
            created_at=MAY,
        )


@pytest.mark.django_db
def test_a_finalized_invoice_keeps_the_parties_that_it_printed() -> None:
    world = World()
    world.begin("2025-04-01T00:00:00Z", name="Acme", address={"city": "Berlin", "country": "DE"})
    world.subscribe(world.plan())
    world.advance("2025-05-01T01:00:00Z")

    world.call("patch", f"/tenants/{world.tenant}", {"name": "Another name"}, status=200)

    invoice = Invoice.objects.get(account_id=world.tenant)
    assert invoice.buyer is not None
    assert invoice.buyer["name"] == "Acme"
    assert invoice.buyer["address"] == "Berlin\nDE"


@pytest.mark.django_db
def test_usage_that_comes_in_while_an_invoice_is_finalized_is_late_and_not_half_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    charge = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1"}
    world.subscribe(world.plan(charges=[charge]))
    world.use("API_CALLS", "5")
    draft = world.post(f"/tenants/{world.tenant}/invoices")
    compose = drafting.compose_for

    def then_usage_comes_in(*args: Any, **kwargs: Any) -> Any:
        bill = compose(*args, **kwargs)
        world.use("API_CALLS", "7")
        return bill

    with monkeypatch.context() as patch:
        patch.setattr(drafting, "compose_for", then_usage_comes_in)
        world.post(f"/invoices/{draft['id']}/finalize")

    line = InvoiceLine.objects.get(invoice_id=draft["id"], type="USAGE")
    billed = BilledUsage.objects.get(invoice_id=draft["id"])
    assert (line.quantity, line.amount_minor) == (Decimal(5), 500)
    assert (billed.quantity, billed.amount_minor) == (Decimal(5), 500)


def threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run at once, each in a thread with a connection of its own that it closes."""

    def one(number: int) -> Any:
        try:
            return work(number)
        except BillingError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(one, range(count)))


def drafts(count: int) -> list[tuple[Any, Any]]:
    """Make so many tenants on one clock, each with a draft."""
    world = World()
    plan = world.plan()
    made = []
    for _ in range(count):
        world.begin("2025-04-01T00:00:00Z")
        world.subscribe(plan)
        made.append((world.tenant, world.post(f"/tenants/{world.tenant}/invoices")["id"]))
    return made


def take_a_number_and_fail(invoice_id: Any) -> None:
    invoice = Invoice.objects.select_related("account").get(pk=invoice_id)
    with transaction.atomic():
        next_number(invoice.account, at=MAY)
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_numbers_run_without_a_gap_though_some_roll_back() -> None:
    made = drafts(12)

    def finalize(number: int) -> str:
        account_id, invoice_id = made[number]
        if number % 4 == 3:  # this one takes a number and then fails
            take_a_number_and_fail(invoice_id)
        done = services.finalize_invoice(account_id=account_id, invoice_id=invoice_id, now=MAY)
        return str(done.number)

    numbers = threads(12, finalize)

    assert sorted(numbers) == [f"TEST-2025-{n:06d}" for n in range(1, 13)]
    assert InvoiceSeries.objects.get(prefix="TEST", year=2025).last == 12


@pytest.mark.django_db(transaction=True)
def test_one_of_many_finalizes_an_invoice_and_the_others_are_told() -> None:
    ((account_id, invoice_id),) = drafts(1)

    def finalize(_: int) -> str:
        done = services.finalize_invoice(account_id=account_id, invoice_id=invoice_id, now=MAY)
        return str(done.status)

    assert sorted(threads(6, finalize)) == ["INVALID_TRANSITION"] * 5 + ["PENDING"]


@pytest.mark.django_db(transaction=True)
def test_many_workers_make_one_invoice_a_period() -> None:
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())

    def work(_: int) -> int:
        return run.run_account(
            account_id=UUID(world.tenant), now=datetime(2025, 7, 1, 2, tzinfo=UTC)
        )

    steps = threads(5, work)

    rows = Invoice.objects.filter(account_id=world.tenant).order_by("period_start")
    assert [row.period_start.month for row in rows] == [4, 5, 6]
    assert {row.status for row in rows} == {"PENDING"}
    # Three periods open and three invoices are drafted and finalized: each step once.
    assert sum(steps) == 9


@pytest.mark.django_db(transaction=True)
def test_credit_is_spent_once_by_two_finalizations_at_once() -> None:
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    grant_credit(account_id=UUID(world.tenant), amount="40.00", now=MAY)
    world.advance("2025-06-01T00:00:00Z")
    rows = list(Invoice.objects.filter(account_id=world.tenant, status="DRAFT"))
    first = world.post(f"/tenants/{world.tenant}/invoices", {"periodStart": "2025-06-01T00:00:00Z"})
    ids = [first["id"], *(str(row.id) for row in rows)]

    def finalize(number: int) -> int:
        done = services.finalize_invoice(
            account_id=UUID(world.tenant),
            invoice_id=UUID(ids[number]),
            now=datetime(2025, 6, 1, tzinfo=UTC),
        )
        return done.credits_applied_minor

    applied = threads(len(ids), finalize)

    grant = CreditGrant.objects.get(account_id=world.tenant)
    used = CreditEntry.objects.filter(grant=grant, kind="USE")
    assert grant.remaining_minor == 4000 - sum(applied) - sum(
        -entry.amount_minor for entry in used if str(entry.invoice_id) not in ids
    )
    assert sum(-entry.amount_minor for entry in used) == 4000 - grant.remaining_minor
    assert grant.remaining_minor == 0
