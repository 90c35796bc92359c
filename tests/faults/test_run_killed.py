"""The billing run killed at each of its commits: the next completes it, and nothing is twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from billing.models import Account, CreditEntry, InvoiceDue, SubscriptionPeriod
from invoicing import due, run, together
from invoicing.models import Invoice
from invoicing.records import DunningEntry, Mail
from invoicing.verification import verify
from tests.faults.killed import Fuse, was_killed
from tests.scenarios.world import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.10"}


def subscribed() -> tuple[Account, datetime]:
    """Make a tenant on real time, in advance, with usage, credit and a mail address."""
    world = World()
    given = {"name": "Acme", "billingEmail": "books@acme.example"}
    world.tenant = world.post("/tenants", given)["id"]
    made = world.subscribe(world.plan(payInAdvance=True, charges=[CALLS]))
    world.post(f"/subscriptions/{made['id']}/credits", {"amount": "31.00"})
    world.use("API_CALLS", "20")
    account = Account.objects.get(pk=UUID(world.tenant))
    return account, account.created_at + timedelta(days=62)


def outcome(account: Account) -> dict[str, Any]:
    """Return what became of the account, without what differs from one life to the next."""
    invoices = Invoice.objects.filter(account=account).order_by("number")
    return {
        "invoices": list(
            invoices.values_list("status", "kind", "total_minor", "credits_applied_minor")
        ),
        "ledger": sorted(
            CreditEntry.objects.filter(account=account).values_list("kind", "amount_minor")
        ),
        "periods": SubscriptionPeriod.objects.filter(account=account).count(),
        "dunned": sorted(
            DunningEntry.objects.filter(account=account).values_list("action", flat=True)
        ),
        "mails": sorted(Mail.objects.filter(account=account).values_list("template", flat=True)),
        "open": InvoiceDue.objects.filter(account=account, due_at__isnull=False).count(),
    }


def runs_killed_at(commit: int, account: Account, *, now: datetime) -> bool:
    """Run in a process that is killed at its n-th step: the odd ones before the commit, the even
    ones after it.
    """
    fuse = Fuse(commit)
    take, step = due.Work.take, run.take_step

    def killed_before_the_commit(self: due.Work, *given: Any, **more: Any) -> None:
        take(self, *given, **more)
        fuse.point()

    def killed_after_the_commit(**given: Any) -> datetime | None:
        taken = step(**given)
        fuse.point()
        return taken

    def work() -> None:
        with (
            patch.object(due.Work, "take", killed_before_the_commit),
            patch.object(run, "take_step", killed_after_the_commit),
        ):
            run.run_account(account_id=account.id, now=now)

    return was_killed(work)


def test_a_run_killed_at_any_commit_is_completed_by_the_next() -> None:
    whole, now = subscribed()
    steps = run.run_account(account_id=whole.id, now=now)
    expected = outcome(whole)

    for commit in range(1, 2 * steps + 1):
        account, now = subscribed()
        assert runs_killed_at(commit, account, now=now), commit
        run.run_account(account_id=account.id, now=now)

        assert outcome(account) == expected, commit

    assert steps > 6, "periods, drafts, invoices and reminders"
    assert list(map(str, verify())) == [], "numbers without a gap, too"


def group_killed_at(commit: int, accounts: list[Account], *, now: datetime) -> bool:
    """Run them together in a process that is killed at its n-th transaction, as above."""
    fuse = Fuse(commit)
    look, take = due.aim, together.take_steps

    def killed_before_the_commit(rows: Any) -> None:
        look(rows)
        fuse.point()

    def killed_after_the_commit(**given: Any) -> together.Taken:
        taken = take(**given)
        fuse.point()
        return taken

    def work() -> None:
        with (
            patch.object(due, "aim", killed_before_the_commit),
            patch.object(together, "take_steps", killed_after_the_commit),
        ):
            run.run_group([account.pk for account in accounts], now=now)

    return was_killed(work)


def in_arrears() -> Account:
    world = World()
    world.tenant = world.post("/tenants", {"name": "Acme"})["id"]
    world.subscribe(world.plan(charges=[CALLS]))
    world.use("API_CALLS", "20")
    return Account.objects.get(pk=UUID(world.tenant))


def test_a_group_killed_at_any_commit_is_completed_by_the_next() -> None:
    whole = [in_arrears() for _ in range(3)]
    now = whole[-1].created_at + timedelta(days=32)
    run.run_group([account.pk for account in whole], now=now)
    expected = outcome(whole[0])
    assert [status for status, *_ in expected["invoices"]] == ["PENDING"]

    commit = 1
    while True:
        accounts = [in_arrears() for _ in range(3)]
        now = accounts[-1].created_at + timedelta(days=32)
        if not group_killed_at(commit, accounts, now=now):
            break
        run.run_group([account.pk for account in accounts], now=now)

        assert [outcome(account) for account in accounts] == [expected] * 3, commit
        commit += 1

    assert commit > 5, "the period, the invoice, and that nothing is left: before and after each"
    assert list(map(str, verify())) == [], "numbers without a gap, too"
