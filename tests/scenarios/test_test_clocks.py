"""A test clock: frozen, advanced in order, resumable, deleted with all that ran on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import override_settings

from billing.models import Account, Subscription, TestClock, UsageEvent
from invoicing import run, test_clocks
from invoicing.models import Invoice
from tests.scenarios.world import World


def test_a_clock_stands_still_until_it_is_advanced(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")

    made = world.get(f"/test-clocks/{world.clock}")

    assert made == {
        "id": world.clock,
        "name": "",
        "frozenTime": "2025-04-01T00:00:00Z",
        "reachedAt": "2025-04-01T00:00:00Z",
        "status": "READY",
    }


def test_a_clock_does_not_go_backwards_nor_a_century_ahead(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    path = f"/test-clocks/{world.clock}/advance"

    back = world.post(path, {"frozenTime": "2025-03-31T23:59:59Z"}, status=400)
    far = world.post(path, {"frozenTime": "2125-04-01T00:00:00Z"}, status=400)

    assert back["error"]["details"] == [
        {"field": "frozenTime", "message": "a clock does not go backwards"}
    ]
    assert "7320 days at most" in far["error"]["message"]
    assert world.get(f"/test-clocks/{world.clock}")["frozenTime"] == "2025-04-01T00:00:00Z"


def test_years_are_gone_through_in_one_advance(world: World) -> None:
    world.begin("2024-02-29T00:00:00Z")
    world.subscribe(world.plan(interval="YEAR"))

    world.advance("2028-03-01T00:00:00Z")

    ends = ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
    day = "T00:00:00Z"
    assert [invoice["periodEnd"] for invoice in world.invoices()] == [end + day for end in ends]


def test_usage_without_a_timestamp_is_stamped_with_the_clocks_time(world: World) -> None:
    world.begin("2025-04-01T12:34:56Z")

    world.use("API_CALLS", "5")

    assert UsageEvent.objects.get().occurred_at == datetime(2025, 4, 1, 12, 34, 56, tzinfo=UTC)


def test_all_that_is_due_is_done_in_the_order_of_its_instants(world: World) -> None:
    world.begin("2025-01-31T00:00:00Z")
    first = world.tenant
    world.subscribe(world.plan())
    world.advance("2025-01-31T12:00:00Z")
    world.tenant = world.post("/tenants", {"name": "Other", "testClockId": world.clock})["id"]
    world.subscribe(world.plan(interval="WEEK"))

    world.advance("2025-03-01T00:00:00Z")

    rows = Invoice.objects.order_by("finalized_at").values_list("number", flat=True)
    assert list(rows) == [f"TEST-2025-{n:06d}" for n in range(1, 6)]
    monthly = Invoice.objects.get(account_id=first)
    assert monthly.number == "TEST-2025-000004"  # twelve hours before the fourth week's
    assert monthly.finalized_at == datetime(2025, 2, 28, 1, tzinfo=UTC)


def test_an_advance_that_runs_out_of_time_goes_on_when_asked_again(world: World) -> None:
    world.begin("2025-01-01T00:00:00Z")
    world.subscribe(world.plan(interval="DAY"))
    until = datetime(2025, 1, 11, tzinfo=UTC)

    stopped = test_clocks.advance(clock_id=UUID(world.clock), frozen_time=until, budget=0)
    shown = world.get(f"/test-clocks/{world.clock}")
    world.advance("2025-01-11T00:00:00Z")

    assert stopped.status == "ADVANCING"
    assert (shown["status"], shown["frozenTime"]) == ("ADVANCING", "2025-01-11T00:00:00Z")
    assert shown["reachedAt"] == "2025-01-01T00:00:00Z"
    assert len(world.invoices()) == 10


def test_a_step_that_fails_is_told_and_can_be_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> int:
        raise RuntimeError("no luck")

    world.begin("2025-01-01T00:00:00Z")
    world.subscribe(world.plan())
    until = datetime(2025, 3, 2, tzinfo=UTC)
    with monkeypatch.context() as patch:
        patch.setattr(run, "run_account", fail)
        with pytest.raises(RuntimeError):
            test_clocks.advance(clock_id=UUID(world.clock), frozen_time=until)
    failed = TestClock.objects.get()

    world.advance("2025-03-02T00:00:00Z")

    assert (failed.status, failed.failure) == ("FAILED", "no luck")
    assert failed.reached_at == datetime(2025, 2, 1, tzinfo=UTC)
    assert [row["status"] for row in world.invoices()] == ["OVERDUE", "PENDING"]


def test_a_year_of_a_daily_plan_is_lived_in_one_advance(world: World) -> None:
    world.begin("2024-02-28T00:00:00Z")
    world.subscribe(world.plan(interval="DAY", price="1.00"))

    world.advance("2024-03-31T02:00:00Z")

    assert len(world.invoices()) == 32
    assert world.subscription()["currentPeriodStart"] == "2024-03-31T00:00:00Z"


def test_deleting_a_clock_takes_its_tenants_and_all_that_is_theirs(world: World) -> None:
    kept = world.post("/tenants", {"name": "On real time"})["id"]
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    world.use("API_CALLS", "5")
    world.advance("2025-06-01T00:00:00Z")

    world.call("delete", f"/test-clocks/{world.clock}", status=204)

    assert [str(pk) for pk in Account.objects.values_list("pk", flat=True)] == [kept]
    assert not Subscription.objects.exists()
    assert not Invoice.objects.exists()
    assert not UsageEvent.objects.exists()
    world.get(f"/test-clocks/{world.clock}", status=404)


def test_an_unknown_clock_is_refused_where_a_tenant_names_it(world: World) -> None:
    answer = world.post("/tenants", {"name": "x", "testClockId": str(uuid4())}, status=400)

    assert answer["error"]["details"][0]["field"] == "testClockId"


def test_test_clocks_are_off_unless_they_are_switched_on(world: World, settings: Any) -> None:
    with override_settings(BILLING={**settings.BILLING, "BILLING_TEST_CLOCKS": False}):
        answer = world.post("/test-clocks", {"frozenTime": "2025-01-01T00:00:00Z"}, status=403)

    assert answer["error"]["code"] == "TEST_CLOCKS_DISABLED"
