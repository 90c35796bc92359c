"""Events: in the transaction of what they tell of, numbered without a gap, in commit order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from billing.models import OutboxEvent
from billing.outbox import publish, waking
from billing.subscriptions.ending import cancel_subscription, reactivate_subscription
from billing.subscriptions.pausing import pause_subscription, resume_subscription
from billing.subscriptions.services import create_subscription
from invoicing import run
from invoicing.collecting import record_payment
from invoicing.models import Invoice
from invoicing.services import void_invoice
from tests import factories
from tests.services.test_due import APRIL, MAY, subscribed

NOW = factories.LONG_AGO


def told(account_id: UUID) -> list[tuple[int, str]]:
    return list(
        OutboxEvent.objects.filter(account_id=account_id)
        .order_by("number")
        .values_list("number", "kind")
    )


def kinds(account_id: UUID) -> list[str]:
    return [kind for _, kind in told(account_id)]


@pytest.mark.django_db
class TestWriting:
    def test_an_account_counts_its_own_events(self) -> None:
        one, other = factories.account(), factories.account()

        publish(one.id, "invoice.paid", {"id": one.id, "at": NOW}, now=NOW)
        publish(other.id, "invoice.paid", {}, now=NOW)
        publish(one.id, "invoice.voided", {}, now=NOW)

        assert told(one.id) == [(1, "invoice.paid"), (2, "invoice.voided")]
        assert told(other.id) == [(1, "invoice.paid")]
        first = OutboxEvent.objects.get(account=one, number=1)
        assert first.data == {"id": str(one.id), "at": "2025-01-01T00:00:00Z"}
        assert first.created_at == NOW
        assert first.due_at is not None

    def test_what_is_rolled_back_leaves_no_gap(self) -> None:
        account = factories.account()
        with transaction.atomic():
            publish(account.id, "invoice.paid", {}, now=NOW)
            transaction.set_rollback(True)

        publish(account.id, "invoice.voided", {}, now=NOW)

        assert told(account.id) == [(1, "invoice.voided")]

    def test_a_kind_that_nobody_knows_is_refused(self) -> None:
        account = factories.account()

        with pytest.raises(ValueError, match=r"invoice\.eaten"):
            publish(account.id, "invoice.eaten", {}, now=NOW)

        assert told(account.id) == []

    def test_it_is_one_statement(self, django_assert_num_queries: Any) -> None:
        account = factories.account()

        with django_assert_num_queries(1):
            publish(account.id, "invoice.paid", {}, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_later_number_is_never_seen_before_an_earlier_one() -> None:
    account = factories.account()
    wrote, go_on = Event(), Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                publish(account.id, "invoice.paid", {}, now=NOW)
                wrote.set()
                go_on.wait(10)
        finally:
            connection.close()

    def quick() -> list[tuple[int, str]]:
        try:
            wrote.wait(10)
            publish(account.id, "invoice.voided", {}, now=NOW)
            return told(account.id)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        pool.submit(slow)
        seen = pool.submit(quick)
        wrote.wait(10)
        before = told(account.id)
        go_on.set()
        after = seen.result(10)

    assert before == []
    assert after == [(1, "invoice.paid"), (2, "invoice.voided")]


@pytest.mark.django_db
def test_many_commits_ask_for_one_wake_up(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = factories.account()
    asked: list[dict[str, Any]] = []

    class Task:
        def apply_async(self, **options: Any) -> None:
            asked.append(options)

    monkeypatch.setattr(waking, "_asked_at", float("-inf"))
    monkeypatch.setattr(waking, "current_app", type("App", (), {"tasks": {waking.HAND_ON: Task()}}))
    for _ in range(20):
        with django_capture_on_commit_callbacks(execute=True):
            publish(account.id, "invoice.paid", {}, now=NOW)

    assert asked == [{"countdown": 0.25, "retry": False, "expires": 60}]


@pytest.mark.django_db(transaction=True)
class TestWhatIsTold:
    def test_a_subscriptions_life(self) -> None:
        account = factories.account()
        version = factories.plan_version(price_minor=3000)
        made = create_subscription(account_id=account.id, plan_ref=str(version.pk), now=APRIL)
        ids: dict[str, Any] = {"account_id": account.id, "subscription_id": made.id}

        def later(days: int) -> datetime:
            return APRIL + timedelta(days=days)

        pause_subscription(**ids, now=later(1))
        resume_subscription(**ids, now=later(2))
        cancel_subscription(**ids, now=later(3))
        reactivate_subscription(**ids, now=later(4))
        cancel_subscription(**ids, immediately=True, reason="done", now=later(5))

        assert kinds(account.id) == [
            "subscription.created",
            "subscription.started",
            "subscription.paused",
            "subscription.resumed",
            "subscription.cancelled",
            "subscription.reactivated",
            "subscription.ended",
            "subscription.cancelled",
        ]
        last = OutboxEvent.objects.filter(account=account).latest("number")
        assert last.created_at == later(5)
        assert last.data["status"] == "CANCELLED"
        assert last.data["cancellationReason"] == "done"
        assert last.data["planCode"] == version.plan.code

    def test_an_invoices_life(self) -> None:
        account = subscribed()
        run.run_account(account_id=account.id, now=MAY + timedelta(hours=1))
        invoice = Invoice.objects.get()
        overdue = MAY + timedelta(days=14, hours=1)

        run.run_account(account_id=account.id, now=overdue)
        record_payment(account_id=account.id, invoice_id=invoice.id, amount="10.00", now=overdue)
        record_payment(account_id=account.id, invoice_id=invoice.id, amount="20.00", now=overdue)

        assert [kind for kind in kinds(account.id) if kind.startswith("invoice.")] == [
            "invoice.finalized",
            "invoice.overdue",
            "invoice.payment_recorded",
            "invoice.payment_recorded",
            "invoice.paid",
        ]
        assert "subscription.renewed" in kinds(account.id)
        assert kinds(account.id).count("subscription.standing_changed") == 2
        paid = OutboxEvent.objects.get(kind="invoice.paid")
        assert paid.data["invoiceNumber"] == invoice.number
        assert (paid.data["total"], paid.data["amountDue"]) == ("30.00", "0.00")

    def test_a_void_invoice(self) -> None:
        account = subscribed()
        run.run_account(account_id=account.id, now=MAY + timedelta(hours=1))
        invoice = Invoice.objects.get()

        void_invoice(account_id=account.id, invoice_id=invoice.id, reason="wrong", now=MAY)

        assert kinds(account.id)[-1] == "invoice.voided"
        assert OutboxEvent.objects.get(kind="invoice.voided").data["voidReason"] == "wrong"
