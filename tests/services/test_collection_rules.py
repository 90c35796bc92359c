"""What the database holds about payments, credit notes and the ledger, and who wins a race."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from billing.credits import ledger
from billing.credits.services import grant_credit
from billing.models import Account, CreditEntry, CreditGrant
from invoicing import collecting, crediting, run, services
from invoicing.models import Invoice
from invoicing.records import CreditNote, CreditNoteLine, Payment
from tests.scenarios.world import World
from tests.services.test_invoice_rules import threads

MAY = datetime(2025, 5, 1, 1, tzinfo=UTC)


def open_invoice(world: World) -> Invoice:
    """Bill April: 30.00, due."""
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    world.advance("2025-05-01T01:00:00Z")
    return Invoice.objects.get(account_id=world.tenant)


def pay(invoice: Invoice, amount: str, **fields: Any) -> Invoice:
    ids: dict[str, Any] = {"account_id": invoice.account_id, "invoice_id": invoice.pk}
    return collecting.record_payment(**ids, amount=amount, now=MAY, **fields)


def credit(invoice: Invoice, amount: str) -> CreditNote:
    ids: dict[str, Any] = {"account_id": invoice.account_id, "invoice_id": invoice.pk}
    return crediting.issue_credit_note(**ids, amount=amount, reason="x", now=MAY)


def committed(statement: Callable[[], Any]) -> None:
    """Run it up to where a commit would compare the sums."""
    with transaction.atomic(), connection.cursor() as cursor:
        statement()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(match: str, statement: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError, match=match):
        committed(statement)


@pytest.mark.django_db
def test_payments_and_credit_notes_never_change() -> None:
    world = World()
    invoice = open_invoice(world)
    pay(invoice, "10.00")
    note = credit(invoice, "5.00")
    rows: list[Any] = [Payment.objects, CreditNote.objects]

    for manager in rows:
        refused("can not change", lambda m=manager: m.update(currency="EUR"))  # type: ignore[misc]
    refused("can not change", lambda: CreditNoteLine.objects.update(amount_minor=1))

    assert Payment.objects.get().currency == CreditNote.objects.get().currency == "USD"
    assert [line.amount_minor for line in note.lines.all()] == [500]


@pytest.mark.django_db
def test_what_an_invoice_shows_is_the_sum_of_its_payments_and_notes() -> None:
    invoice = open_invoice(World())
    pay(invoice, "10.00")

    for change in ({"amount_paid_minor": 999}, {"credited_minor": 1}):
        refused(
            "its payments and credit notes are",
            lambda c=change: Invoice.objects.filter(pk=invoice.pk).update(**c),  # type: ignore[misc]
        )
    refused(
        "its payments and credit notes are",
        lambda: Payment.objects.create(
            account_id=invoice.account_id,
            invoice=invoice,
            currency="USD",
            amount_minor=1,
            paid_at=MAY,
            created_at=MAY,
        ),
    )

    assert Invoice.objects.get(pk=invoice.pk).amount_paid_minor == 1000
    assert Payment.objects.count() == 1


@pytest.mark.django_db
def test_the_database_takes_no_more_credit_of_a_line_than_it_holds() -> None:
    invoice = open_invoice(World())
    note = credit(invoice, "29.00")
    line = invoice.lines.get()
    other = CreditNote.objects.get(pk=note.pk)
    other.pk, other.number = UUID(int=7), "TEST-CN-X"

    def credit_too_much() -> None:
        other.save(force_insert=True)
        CreditNoteLine.objects.create(
            account_id=invoice.account_id,
            credit_note=other,
            invoice_line=line,
            position=0,
            amount_minor=101,
        )

    refused("more would be credited of line", credit_too_much)
    assert CreditNote.objects.count() == 1


@pytest.mark.django_db
def test_the_ledger_only_grows_and_a_grant_is_the_sum_of_its_entries() -> None:
    account = Account.objects.get(pk=open_invoice(World()).account_id)
    made = grant_credit(account_id=account.pk, amount="40.00", now=MAY)

    refused("only grows", lambda: CreditEntry.objects.update(amount_minor=1))
    refused("only grows", lambda: CreditGrant.objects.update(amount_minor=5000))
    refused("its entries sum to", lambda: CreditGrant.objects.update(remaining_minor=3999))
    refused(
        "its entries sum to",
        lambda: CreditEntry.objects.create(
            account=account, grant=made, kind="USE", amount_minor=-1, at=MAY
        ),
    )

    assert CreditGrant.objects.get(pk=made.pk).remaining_minor == 4000
    assert ledger.balance_of(account.pk) == 4000


@pytest.mark.django_db
def test_on_real_time_not_even_a_deletion_reaches_the_ledger() -> None:
    world = World()
    world.tenant = world.post("/tenants", {"name": "Real"})["id"]
    grant_credit(account_id=UUID(world.tenant), amount="1.00", now=MAY)

    refused("only grows", lambda: CreditEntry.objects.all().delete())

    assert CreditEntry.objects.count() == 1


@pytest.mark.django_db
def test_a_grant_that_is_spent_holds_its_invoice() -> None:
    world = World()
    invoice = open_invoice(world)
    pay(invoice, "30.00")
    note = credit(invoice, "30.00")
    world.advance("2025-06-01T01:00:00Z")
    june = Invoice.objects.get(account_id=world.tenant, period_start__month=5)

    assert note.grant is not None
    assert june.credits_applied_minor == 3000
    assert CreditGrant.objects.get(pk=note.grant.pk).remaining_minor == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_payments_at_once_no_more_comes_in_than_is_due() -> None:
    invoice = open_invoice(World())

    outcomes = threads(6, lambda _: pay(invoice, "20.00").status)

    assert sorted(outcomes) == ["PARTIALLY_PAID"] + ["PAYMENT_ABOVE_DUE"] * 5
    assert Invoice.objects.get(pk=invoice.pk).amount_paid_minor == 2000
    assert Payment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_reference_is_one_payment_under_concurrency() -> None:
    invoice = open_invoice(World())

    outcomes = threads(6, lambda _: pay(invoice, "5.00", reference="A-1").status)

    assert sorted(outcomes) == ["ALREADY_EXISTS"] * 5 + ["PARTIALLY_PAID"]
    assert Payment.objects.get().amount_minor == 500


@pytest.mark.django_db(transaction=True)
def test_credit_notes_at_once_never_take_more_than_there_is() -> None:
    invoice = open_invoice(World())

    outcomes = threads(8, lambda _: credit(invoice, "10.00").total_minor)

    assert sorted(outcomes, key=str) == [1000] * 3 + ["CREDIT_ABOVE_INVOICE"] * 5
    numbers = sorted(CreditNote.objects.values_list("number", flat=True))
    assert numbers == [f"TEST-CN-2025-{n:06d}" for n in (1, 2, 3)]
    assert Invoice.objects.get(pk=invoice.pk).status == "PAID"


@pytest.mark.django_db(transaction=True)
def test_a_void_and_a_payment_at_once_one_of_them_wins() -> None:
    invoice = open_invoice(World())
    ids: dict[str, Any] = {"account_id": invoice.account_id, "invoice_id": invoice.pk}

    def act(number: int) -> str:
        if number % 2:
            return str(services.void_invoice(**ids, now=MAY).status)
        return str(pay(invoice, "30.00").status)

    outcomes = threads(6, act)

    status = Invoice.objects.get(pk=invoice.pk).status
    won = [outcome for outcome in outcomes if outcome in {"VOID", "PAID"}]
    assert won == [status]
    assert Payment.objects.count() == (1 if status == "PAID" else 0)


@pytest.mark.django_db(transaction=True)
def test_a_void_gives_credit_back_once_whoever_asks_while_more_is_granted() -> None:
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    subscription = world.subscribe(world.plan())
    path = f"/subscriptions/{subscription['id']}/credits"
    world.post(path, {"amount": "50.00"}, status=201)
    world.advance("2025-05-01T01:00:00Z")
    invoice = Invoice.objects.get(account_id=world.tenant)
    draft = world.post(f"/tenants/{world.tenant}/invoices")
    account_id = UUID(world.tenant)

    def act(number: int) -> Any:
        if number < 3:
            ids: dict[str, Any] = {"account_id": account_id, "invoice_id": invoice.pk}
            return services.void_invoice(**ids, now=MAY).status
        if number < 5:
            return grant_credit(account_id=account_id, amount="1.00", now=MAY).amount_minor
        ids = {"account_id": account_id, "invoice_id": UUID(draft["id"])}
        return services.finalize_invoice(**ids, now=MAY).status

    outcomes = threads(8, act)

    final = Invoice.objects.get(pk=draft["id"])
    assert sorted(map(str, outcomes)).count("VOID") == 1
    kinds = CreditEntry.objects.filter(invoice_id=invoice.pk).values_list("kind", "amount_minor")
    assert sorted(kinds) == [("RETURN", 3000), ("USE", -3000)]
    assert ledger.balance_of(account_id) == 5200 - final.credits_applied_minor
    remaining = CreditGrant.objects.filter(account_id=account_id)
    assert sum(g.remaining_minor for g in remaining) == ledger.balance_of(account_id)


@pytest.mark.django_db(transaction=True)
def test_workers_of_one_run_take_each_step_once_and_do_not_wait() -> None:
    world = World()
    made = []
    plan = world.plan()
    for number in range(4):
        world.tenant = world.post("/tenants", {"name": f"Real {number}"})["id"]
        world.subscribe(plan)
        made.append(UUID(world.tenant))
    later = Account.objects.get(pk=made[0]).created_at + timedelta(days=70)

    threads(4, lambda _: run.run_due(now=later))
    run.run_due(now=later)

    for account_id in made:
        periods = Invoice.objects.filter(account_id=account_id).values_list("period_start")
        assert len(periods) == len(set(periods)) == 2


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_locked_is_left_to_whoever_is_at_it() -> None:
    invoice = open_invoice(World())
    later = MAY + timedelta(days=30)

    def elsewhere(_: int) -> Any:
        return run.take_step(account_id=invoice.account_id, wait=False, now=later)

    with transaction.atomic():
        Account.objects.lock(invoice.account_id)
        (while_locked,) = threads(1, elsewhere)
    (once_free,) = threads(1, elsewhere)

    assert (while_locked, once_free) == (None, MAY + timedelta(days=11))
