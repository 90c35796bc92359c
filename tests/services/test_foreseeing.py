"""`bin/manage bill --dry-run`: what the run would do, and nothing of it done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError

from billing.credits.services import grant_credit
from billing.kernel import clock
from billing.models import Account
from billing.subscriptions.services import create_subscription
from invoicing import due, foreseeing, run
from invoicing.models import Invoice
from tests import factories
from tests.scenarios.world import World
from tests.services.test_due import fail_for

pytestmark = pytest.mark.django_db

APRIL = datetime(2025, 4, 1, tzinfo=UTC)
MAY = datetime(2025, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def subscribed() -> Account:
    account = factories.account()
    version = factories.plan_version(price_minor=3000)
    create_subscription(account_id=account.id, plan_ref=str(version.id), now=APRIL)
    return account


def everything() -> dict[str, list[Any]]:
    """Return all rows of all our tables."""
    return {
        model._meta.label: sorted(model._default_manager.values_list(), key=str)
        for model in apps.get_models()
    }


def test_each_step_is_told_at_its_instant_and_nothing_is_changed() -> None:
    account = subscribed()
    grant_credit(account_id=account.id, amount="5.00", expires_at=MAY + 2 * HOUR, now=APRIL)
    grant_credit(account_id=account.id, amount="2.00", expires_at=APRIL + HOUR, now=APRIL)
    before = everything()

    found = foreseeing.foresee(account_id=account.id, until=MAY + timedelta(days=15), now=APRIL)

    assert [(step.at, step.source, step.result) for step in found] == [
        (APRIL + HOUR, "credit expiry", "2.00 USD of credit expire"),
        (MAY, "subscription", found[1].result),
        (MAY, "invoice", "DRAFT a draft, total 30.00 USD, due 25.00 USD"),
        (MAY + HOUR, "invoice", "PENDING INV-2025-000001, total 30.00 USD, due 25.00 USD"),
        (
            MAY + HOUR + timedelta(days=11),
            "dunning",
            "REMIND: PENDING INV-2025-000001, total 30.00 USD, due 25.00 USD",
        ),
        (
            MAY + HOUR + timedelta(days=14),
            "dunning",
            "OVERDUE: OVERDUE INV-2025-000001, total 30.00 USD, due 25.00 USD",
        ),
    ]
    assert found[1].result.startswith("ACTIVE, plan ")
    assert found[1].result.endswith(", period 2025-05-01 00:00 to 2025-06-01 00:00")
    assert everything() == before
    assert mail.outbox == []


def test_what_was_foreseen_is_what_the_run_then_does() -> None:
    account = subscribed()
    foreseen = foreseeing.foresee(account_id=account.id, until=MAY + HOUR, now=APRIL)

    run.run_account(account_id=account.id, now=MAY + HOUR)

    made = Invoice.objects.get()
    assert foreseen[-1].result.startswith(f"{made.status} {made.number}, total 30.00 USD")


def test_a_step_that_fails_is_the_last_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    account = subscribed()
    monkeypatch.setattr(due, "advance_subscription", fail_for(account.id, RuntimeError("no luck")))

    found = foreseeing.foresee(account_id=account.id, until=MAY + HOUR, now=APRIL)

    assert [step.result for step in found] == ["the account would be parked: RuntimeError: no luck"]


def called(*arguments: str) -> str:
    out = StringIO()
    call_command("bill", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_of_all_on_real_time_or_of_one_by_its_own_clock() -> None:
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    real = factories.account()
    version = factories.plan_version(price_minor=3000)
    create_subscription(account_id=real.id, plan_ref=str(version.id), now=clock.now())
    until = (clock.now() + timedelta(days=36)).isoformat()

    of_all = called("--dry-run", "--at", until)
    now_only = called("--dry-run")
    of_one = called("--dry-run", "--at", "2025-05-01", "--account", world.tenant)

    assert of_all.count(str(real.id)) == 3, "it renews, is drafted, and is final"
    assert world.tenant not in of_all
    assert now_only.startswith("0 steps would be taken until ")
    assert of_one.splitlines()[0].startswith(f"2025-05-01 00:00:00 UTC  {world.tenant}  subscr")
    assert of_one.endswith("2 steps would be taken until 2025-05-01 00:00:00 UTC.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dry-run", "--at", "tomorrow"], "--at takes"),
        (["--dry-run", "--at", "2020-01-01"], "--at goes from now"),
        (["--dry-run", "--at", "2199-01-01"], "to two years on"),
        (["--dry-run", "--limit", "0"], "--limit goes from 1"),
        (["--dry-run", "--account", str(uuid4())], "There is no account"),
        (["--at", "2027-01-01"], "go with --dry-run"),
    ],
)
def test_what_can_not_be_foreseen_is_refused(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        called(*arguments)


def test_where_there_are_more_accounts_than_looked_at_it_says_so() -> None:
    for _ in range(2):
        subscribed()

    said = called("--dry-run", "--limit", "1")

    assert said.endswith("Only 1 accounts were looked at: --limit takes more.\n")
