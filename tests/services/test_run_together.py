"""The run takes many accounts' steps at once: the same as each alone would, to the last row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.metering.models import UsageCounter
from billing.models import (
    Account,
    AuditEntry,
    FeeItem,
    InvoiceDue,
    OutboxEvent,
    Subscription,
    SubscriptionPeriod,
)
from invoicing import run, together
from invoicing.models import BilledUsage, Invoice, InvoiceDocument
from invoicing.records import Dunning, ParkedAccount
from invoicing.verification import verify
from tests.scenarios.world import T_TIERS, World

pytestmark = pytest.mark.django_db(transaction=True)

MONTH = timedelta(days=31, hours=2)
CALLS = {"metricType": "API_CALLS", "model": "GRADUATED", "tiers": T_TIERS}


def usual(world: World) -> None:
    world.subscribe(world.plan(charges=[CALLS], minimumCommitment="45.00"))
    world.use("API_CALLS", "700")


def in_advance(world: World) -> None:
    world.subscribe(world.plan(payInAdvance=True, charges=[CALLS]))
    world.use("API_CALLS", "1001")


def with_a_discount_and_credit(world: World) -> None:
    made = world.subscribe(world.plan(charges=[CALLS]))
    world.use("API_CALLS", "6000")
    world.post(f"/subscriptions/{made['id']}/discount", {"discountPercent": "12.5"})
    world.post(f"/subscriptions/{made['id']}/discount", {"discountAmount": "1.00"})
    world.post(f"/subscriptions/{made['id']}/credits", {"amount": "20.00"})


def paused(world: World) -> None:
    made = world.subscribe(world.plan(charges=[CALLS]))
    world.post(f"/subscriptions/{made['id']}/pause")


def on_trial(world: World) -> None:
    world.subscribe(world.plan(), trialDays=7)


def cancelled_with_the_period(world: World) -> None:
    made = world.subscribe(world.plan(charges=[CALLS]))
    world.use("API_CALLS", "5")
    world.post(f"/subscriptions/{made['id']}/cancel", {})


def to_another_plan(world: World) -> None:
    made = world.subscribe(world.plan())
    following = {"newPlanId": world.plan(price="90.00"), "when": "PERIOD_END"}
    world.post(f"/subscriptions/{made['id']}/change-plan", following)


def free(world: World) -> None:
    world.subscribe(world.plan(price="0", charges=[CALLS]))


def with_a_draft(world: World) -> None:
    world.subscribe(world.plan(charges=[CALLS]))
    world.use("API_CALLS", "10")
    world.post(f"/tenants/{world.tenant}/invoices")
    world.use("API_CALLS", "20")


def finalized_early_and_used_late(world: World) -> None:
    world.subscribe(world.plan(charges=[CALLS]))
    world.use("API_CALLS", "900")
    draft = world.post(f"/tenants/{world.tenant}/invoices")
    world.post(f"/invoices/{draft['id']}/finalize")
    world.use("API_CALLS", "200")


LIVES = (
    usual,
    in_advance,
    with_a_discount_and_credit,
    paused,
    on_trial,
    cancelled_with_the_period,
    to_another_plan,
    free,
    with_a_draft,
    finalized_early_and_used_late,
)


def lived(currency: str = "USD") -> tuple[list[Account], datetime]:
    """Make an account of each life, on real time; return them and the newest's beginning."""
    accounts = []
    for life in LIVES:
        world = World()
        given = {"name": life.__name__, "currency": currency, "billingEmail": "books@acme.example"}
        world.tenant = world.post("/tenants", given)["id"]
        life(world)
        accounts.append(Account.objects.get(pk=UUID(world.tenant)))
    return accounts, accounts[-1].created_at


def outcome(account: Account) -> dict[str, Any]:
    """Return what became of an account, without ids, numbers and instants of real time."""
    of = {"account": account}
    invoices = Invoice.objects.filter(**of).order_by("finalized_at", "created_at")
    lines = [
        (line.type, line.description, line.quantity, line.amount_minor, line.discount_minor,
         line.breakdown, line.fee_item is not None)
        for invoice in invoices for line in invoice.lines.all()
    ]  # fmt: skip
    dunning = Dunning.objects.filter(**of)
    return {
        "invoices": list(invoices.values_list("status", "kind", "total_minor", "buyer__email")),
        "numbered": [invoice.number is not None for invoice in invoices],
        "lines": lines,
        "periods": list(
            SubscriptionPeriod.objects.filter(**of).values_list("sequence", "index", "is_trial")
        ),
        "settled": [p.settled_version for p in SubscriptionPeriod.objects.filter(**of)],
        "fees": list(
            FeeItem.objects.filter(**of).order_by("id").values_list("type", "bill_sequence")
        ),
        "billed": sorted(
            BilledUsage.objects.filter(**of).values_list("amount_minor", "events", "quantity")
        ),
        "subscription": list(Subscription.objects.filter(**of).values_list("status", "standing")),
        "open": InvoiceDue.objects.filter(**of, due_at__isnull=False).count(),
        "dunned": sorted(row.due_at is not None for row in dunning),
        "documents": InvoiceDocument.objects.filter(**of).count(),
        "audit": sorted(AuditEntry.objects.filter(**of).values_list("action", flat=True)),
        "events": list(
            OutboxEvent.objects.filter(**of).order_by("number").values_list("number", "kind")
        ),
        "counters": UsageCounter.objects.filter(account_id=account.pk).count(),
    }


def test_whoever_is_billed_with_others_is_billed_as_alone() -> None:
    single, _ = lived()
    group, last = lived()
    for now in (last + MONTH, last + MONTH + timedelta(hours=1), last + 2 * MONTH):
        for account in single:
            run.run_account(account_id=account.pk, now=now)
        run.run_group([account.pk for account in group], now=now)

        for life, one, other in zip(LIVES, single, group, strict=True):
            assert outcome(other) == outcome(one), (life.__name__, now)

    assert Invoice.objects.count() > 2 * len(LIVES)
    assert not ParkedAccount.objects.exists()
    assert list(map(str, verify())) == [], "numbers without a gap, too"


def test_the_statements_of_a_group_do_not_grow_with_its_accounts() -> None:
    counts = []
    for size in (3, 12):
        worlds = [World() for _ in range(size)]
        for world in worlds:
            world.tenant = world.post("/tenants", {"name": "Acme"})["id"]
            usual(world)
        accounts = [Account.objects.get(pk=UUID(world.tenant)) for world in worlds]
        now = accounts[-1].created_at + MONTH
        run.run_account(account_id=accounts[0].pk, now=now)  # what is kept in the process
        with CaptureQueriesContext(connection) as asked:
            run.run_group([account.pk for account in accounts[1:]], now=now)
        counts.append(len(asked))

    assert counts[0] == counts[1]
    assert Invoice.objects.filter(number__isnull=False).count() == 15


def test_where_one_fails_in_a_group_it_is_parked_and_the_others_are_billed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accounts, last = lived()
    bad = accounts[0].pk
    compose = together.compose  # type: ignore[attr-defined]

    def failing(**given: Any) -> Any:
        if given["tenant"].account_id == bad:
            raise RuntimeError("no luck")
        return compose(**given)

    monkeypatch.setattr(together, "compose", failing)
    monkeypatch.setattr("invoicing.drafting.compose", failing)

    run.run_group([account.pk for account in accounts], now=last + MONTH)

    assert ParkedAccount.objects.get().account_id == bad
    assert not Invoice.objects.filter(account=bad).exists()
    others = Invoice.objects.filter(number__isnull=False).values_list("account_id", flat=True)
    paid = len(set(others))
    assert paid == len(LIVES) - 4, "all but the bad one, and those paused, on trial and free"
    assert list(map(str, verify())) == []
