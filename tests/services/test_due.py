"""What is due: in one order, for whom, and what becomes of an account whose step fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from billing.credits.services import grant_credit
from billing.kernel import clock, context
from billing.models import Account, AuditEntry, InvoiceDue, Subscription
from billing.subscriptions.advancing import advance_subscription
from billing.subscriptions.services import create_subscription
from invoicing import due, parking, run, together
from invoicing.management.commands.bill import taken
from invoicing.models import Invoice
from invoicing.records import Dunning, ParkedAccount
from tests import factories
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db

APRIL = datetime(2025, 4, 1, tzinfo=UTC)
MAY = datetime(2025, 5, 1, tzinfo=UTC)
HUGE = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "900000000000000"}


def subscribed(price_minor: int = 3000, *, now: datetime = APRIL) -> Account:
    account = factories.account()
    version = factories.plan_version(price_minor=price_minor)
    create_subscription(account_id=account.id, plan_ref=str(version.id), now=now)
    return account


def next_work(account: Account, now: datetime) -> tuple[str, datetime] | None:
    found = due.earliest(account.id, now=now)
    return None if found is None else (found.source.name, found.due_at)


def test_of_what_is_due_at_one_instant_the_order_is_defined() -> None:
    account = subscribed()
    run.run_account(account_id=account.id, now=MAY + timedelta(hours=1))
    at = MAY + timedelta(days=10)
    grant_credit(account_id=account.id, amount="5.00", expires_at=at, now=MAY)
    rows: list[Any] = [
        Subscription.objects.filter(account=account),
        InvoiceDue.objects.filter(account=account, period__start_at=MAY),
        Dunning.objects.filter(account=account),
    ]
    for of_a_kind in rows:
        of_a_kind.update(due_at=at)

    seen = [next_work(account, at)]
    run.take_step(account_id=account.id, now=at)
    for of_a_kind in rows:
        seen.append(next_work(account, at))
        of_a_kind.update(due_at=None)

    assert seen == [
        ("credit expiry", at),
        ("subscription", at),
        ("invoice", at),
        ("dunning", at),
    ]
    assert next_work(account, at) is None


def test_an_earlier_instant_goes_before_an_earlier_source() -> None:
    account = subscribed()

    steps = []
    while (work := due.earliest(account.id, now=MAY + timedelta(days=46))) is not None:
        steps.append((work.source.name, work.due_at))
        run.take_step(account_id=account.id, now=work.due_at)

    hour, june = timedelta(hours=1), datetime(2025, 6, 1, tzinfo=UTC)
    assert steps == [
        ("subscription", MAY),
        ("invoice", MAY),
        ("invoice", MAY + hour),
        ("dunning", MAY + hour + timedelta(days=11)),
        ("dunning", MAY + hour + timedelta(days=14)),
        ("dunning", MAY + hour + timedelta(days=21)),
        ("dunning", MAY + hour + timedelta(days=28)),
        ("subscription", june),
        ("invoice", june),
        ("invoice", june + hour),
        ("dunning", june + hour + timedelta(days=11)),
        ("dunning", june + hour + timedelta(days=14)),
    ]


def test_asking_whether_anything_is_due_is_one_query() -> None:
    account = subscribed()

    with CaptureQueriesContext(connection) as asked:
        before = due.is_due(account, now=MAY - timedelta(seconds=1))
        after = due.is_due(account, now=MAY)

    assert (before, after, len(asked)) == (False, True, 2)


def test_accounts_are_taken_the_longest_overdue_first_and_none_of_a_test_clock() -> None:
    later, earlier = subscribed(now=APRIL + timedelta(days=1)), subscribed()
    frozen = World()
    frozen.begin("2025-04-01T00:00:00Z")
    frozen.subscribe(frozen.plan())

    found = due.due_accounts(now=MAY + timedelta(days=2), limit=10)

    assert found == [earlier.id, later.id]
    assert due.due_accounts(now=MAY + timedelta(days=2), limit=1) == [earlier.id]


def break_for(patch: pytest.MonkeyPatch, bad: UUID, error: Exception) -> None:
    """Have the step of a subscription fail for an account, alone and together with others."""
    alike = together.go_on_alike  # type: ignore[attr-defined]

    def failing(subscriptions: Sequence[Subscription], *, now: datetime) -> None:
        if any(one.account_id == bad for one in subscriptions):
            raise error
        alike(subscriptions, now=now)

    patch.setattr(together, "go_on_alike", failing)
    patch.setattr(due, "advance_subscription", fail_for(bad, error))


def fail_for(bad: UUID, error: Exception) -> Any:
    def failing(subscription: Subscription, *, now: datetime) -> None:
        if subscription.account_id == bad:
            raise error
        advance_subscription(subscription, now=now)

    return failing


def test_an_account_whose_step_fails_is_parked_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad, good = subscribed(), subscribed()
    break_for(monkeypatch, bad.id, RuntimeError("no luck"))

    run.run_due(now=MAY)

    parked = ParkedAccount.objects.get()
    assert (parked.account_id, parked.code, parked.reason) == (
        bad.id,
        "INTERNAL_ERROR",
        "RuntimeError: no luck",
    )
    assert (parked.step, parked.step_due_at, parked.since) == ("subscription", MAY, MAY)
    assert list(Invoice.objects.values_list("account_id", flat=True)) == [good.id]
    assert due.due_accounts(now=MAY, limit=10) == []
    assert not due.is_due(bad, now=MAY)
    entry = AuditEntry.objects.get(action="account.parked")
    assert (entry.account_id, (entry.after or {})["code"]) == (bad.id, "INTERNAL_ERROR")


def test_what_passes_by_itself_parks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    account = subscribed()
    away = run.PASSING[0]("the database is away")
    break_for(monkeypatch, account.id, away)

    assert run.run_due(now=MAY) == 0

    assert issubclass(run.PASSING[0], DatabaseError)
    assert not ParkedAccount.objects.exists()
    assert due.due_accounts(now=MAY, limit=10) == [account.id]


def test_a_released_account_catches_up(monkeypatch: pytest.MonkeyPatch) -> None:
    account = subscribed()
    with monkeypatch.context() as patch:
        break_for(patch, account.id, RuntimeError("no luck"))
        run.run_due(now=MAY)

    parking.release_account(account_id=account.id, now=MAY)
    steps = run.run_account(account_id=account.id, now=MAY + timedelta(hours=1))

    assert (steps, ParkedAccount.objects.count()) == (3, 0)
    assert Invoice.objects.get(account=account).status == "PENDING"
    assert AuditEntry.objects.filter(action="account.released", account=account).count() == 1


def test_a_bill_that_passes_the_bound_is_parked_and_said_on_the_clock() -> None:
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(charges=[HUGE]))
    world.use("API_CALLS", "2")

    path = f"/test-clocks/{world.clock}/advance"
    refused = world.post(path, {"frozenTime": "2025-06-01T00:00:00Z"}, status=409)

    assert refused["error"]["code"] == "AMOUNT_OUT_OF_BOUNDS"
    shown = world.get(f"/test-clocks/{world.clock}")
    assert (shown["status"], shown["reachedAt"]) == ("FAILED", "2025-05-01T00:00:00Z")
    parked = ParkedAccount.objects.get()
    assert (str(parked.account_id), parked.code, parked.step) == (
        world.tenant,
        "AMOUNT_OUT_OF_BOUNDS",
        "invoice",
    )
    assert not Invoice.objects.exists()


def test_the_command_lists_releases_and_says_when_it_fails_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = subscribed(now=clock.now() - timedelta(days=40))
    with monkeypatch.context() as patch:
        break_for(patch, account.id, RuntimeError("no luck"))
        assert called() == "0 steps were taken.\n"
        listed = called("--parked")
        with pytest.raises(CommandError, match="parked again: INTERNAL_ERROR"):
            called("--release", str(account.id))

    released = called("--release", str(account.id))

    assert listed.startswith(f"{account.id}  ")
    assert listed.endswith("INTERNAL_ERROR  RuntimeError: no luck\n")
    assert released.startswith("Released. 3 steps")
    actors = AuditEntry.objects.filter(account=account).values_list("actor", flat=True)
    assert "command:bill" in actors, "its deeds bear its name"
    assert context.actor.get() != "command:bill", "nobody else's do"
    for unknown in (str(account.id), str(uuid4()), "x"):
        with pytest.raises(CommandError, match=r"no such parked account|There is no account"):
            called("--release", unknown)


def test_the_command_counts_steps_in_words_that_fit() -> None:
    assert [taken(steps) for steps in (0, 1, 2)] == [
        "0 steps were taken.",
        "1 step was taken.",
        "2 steps were taken.",
    ]


def called(*arguments: str) -> str:
    out = StringIO()
    call_command("bill", *arguments, stdout=out)
    return out.getvalue()
