"""`current`: the preview in other words, at once, beside the period before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.costs.conftest import Costs, money

pytestmark = pytest.mark.django_db


def costs_of(answer: Any) -> dict[str, tuple[str, str]]:
    return {one["metricType"]: (one["quantity"], one["cost"]) for one in answer["byMetric"]}


def test_what_was_recorded_is_there_at_once(world: Costs) -> None:
    assert world.current()["usageCost"] == "5.00"  # the minimum alone

    world.use("API_CALLS", "1000")

    assert world.current() == {
        "tenantId": world.tenant,
        "currency": "USD",
        "periodStart": "2025-04-01T10:20:00Z",
        "periodEnd": "2025-05-01T10:20:00Z",
        "asOf": "2025-04-01T10:20:00Z",
        "usageCost": "8.50",
        "planCost": "30.00",
        "totalCost": "38.50",
        "previousPeriodCost": None,
        "changePercent": None,
        "byMetric": [
            {"metricType": "API_CALLS", "quantity": "1000", "cost": "3.50"},
            {"metricType": "COMPUTE_SECONDS", "quantity": "0", "cost": "0.00"},
            {"metricType": "PIPELINE_RUNS", "quantity": "0", "cost": "0.00"},
            {"metricType": "ML_INFERENCE_REQUESTS", "quantity": "0", "cost": "5.00"},
            {"metricType": "STORAGE_BYTES", "quantity": "0", "cost": "0.00"},
            {"metricType": "ACTIVE_USERS", "quantity": "0", "cost": "0.00"},
        ],
        "unattributed": "0.00",
    }


def test_every_kind_of_meter_adds_up(world: Costs) -> None:
    world.center("eng")
    world.advance("2025-04-06T00:00:00Z")
    for hour in range(4):
        at = f"2025-04-0{2 + hour}T0{hour}:59:00Z"
        world.use("API_CALLS", "333", resourceId=f"r{hour}", timestamp=at, costCenterCode="eng")
        world.use("COMPUTE_SECONDS", "777.5", resourceType="vm", resourceId="a", timestamp=at)
        world.use("STORAGE_BYTES", str(9000 - hour), resourceId=f"d{hour}", timestamp=at)
        world.use("ACTIVE_USERS", userId=f"u{hour % 3}", resourceId=f"d{hour}", timestamp=at)
    world.use("PIPELINE_RUNS", "11", eventId="runs")
    world.use("API_CALLS", "-200", correction=True, resourceId="r0")

    usage = world.agrees()

    assert costs_of(world.current())["ACTIVE_USERS"] == ("3", "6.00")
    assert costs_of(world.current())["STORAGE_BYTES"] == ("9000", "9.00")
    world.call("delete", f"/tenants/{world.tenant}/usage/events/runs")
    assert world.agrees() == usage - money("3.98")


def test_a_plan_change_splits_the_period_and_the_sums_hold(world: Costs) -> None:
    subscription = world.subscription()["id"]
    world.use("API_CALLS", "1000", resourceId="a")
    world.use("STORAGE_BYTES", "5000", resourceId="a")
    world.use("ACTIVE_USERS", userId="u1")
    world.advance("2025-04-16T10:20:00Z")
    dearer = world.plan(
        price="60.00",
        minimumCommitment="200.00",
        charges=[
            {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.01"},
            {"metricType": "STORAGE_BYTES", "model": "PER_UNIT", "unitPrice": "0.002"},
            {"metricType": "ACTIVE_USERS", "model": "PER_UNIT", "unitPrice": "1"},
        ],
    )
    change = {"newPlanId": dearer, "when": "NOW"}
    world.post(f"/subscriptions/{subscription}/change-plan", change)
    world.use("API_CALLS", "500", resourceId="b")
    world.use("STORAGE_BYTES", "4000", resourceId="a")
    world.use("ACTIVE_USERS", userId="u1")

    world.agrees()

    current = world.current()
    assert costs_of(current)["API_CALLS"] == ("1500", "8.50")
    assert costs_of(current)["STORAGE_BYTES"] == ("5000", "13.00")
    assert costs_of(current)["ACTIVE_USERS"] == ("1", "4.00")
    assert money(current["unattributed"]) > 0  # the commitment's part
    points = world.cost("timeline?granularity=DAY")["points"]
    assert [one["timestamp"] for one in points if money(one["cost"]) > 20] == [
        "2025-04-16T00:00:00Z"
    ]


def test_the_period_before_is_compared_with(world: Costs) -> None:
    world.use("API_CALLS", "2000")
    world.advance("2025-05-02T00:00:00Z")

    current = world.current()

    assert (current["previousPeriodCost"], current["totalCost"]) == ("42.00", "35.00")
    assert current["changePercent"] == "-16.67"


def test_in_advance_the_fee_is_the_one_that_the_preview_shows(bare: Costs) -> None:
    bare.subscribe(bare.plan(payInAdvance=True))

    assert bare.current()["planCost"] == "30.00"
    bare.agrees()


def test_a_trial_costs_nothing(bare: Costs) -> None:
    plan = bare.plan(
        trialDays=14, charges=[{"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1"}]
    )
    bare.subscribe(plan)
    bare.use("API_CALLS", "5", resourceId="a")

    assert bare.agrees() == 0


def test_prices_that_hold_their_tax_are_shown_as_the_preview_shows_them(bare: Costs) -> None:
    bare.call("patch", f"/tenants/{bare.tenant}", {"address": {"line1": "1", "country": "DE"}})
    from tests.scenarios.taxes import rate

    rate("DE", "19")
    bare.subscribe(
        bare.plan(
            taxBehavior="INCLUSIVE",
            charges=[{"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.0119"}],
        )
    )
    for number in range(7):
        bare.use("API_CALLS", "333", resourceId=f"r{number}")

    assert bare.agrees() > 0


def test_paused_usage_is_charged_all_the_same(world: Costs) -> None:
    subscription = world.subscription()["id"]
    world.advance("2025-04-03T00:00:00Z")
    world.post(f"/subscriptions/{subscription}/pause")
    world.use("API_CALLS", "1000")

    assert world.agrees() == money("8.50")


@pytest.mark.parametrize("path", ["current", "by-resource", "timeline"])
def test_without_a_subscription_there_is_no_open_period(bare: Costs, path: str) -> None:
    refused = bare.cost(path, status=404)

    assert refused["error"]["code"] == "NO_ACTIVE_SUBSCRIPTION"


@pytest.mark.parametrize(
    ("quantity", "status"),
    [("9000000000000", 200), ("999999999999999", 409)],  # it is the end that is too much, or now
)
def test_a_bill_beyond_what_can_be_stored_is_a_conflict(
    bare: Costs, quantity: str, status: int
) -> None:
    rate = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1"}
    bare.subscribe(bare.plan(charges=[rate]))

    bare.use("API_CALLS", quantity)

    for path in ("current", "by-resource", "timeline"):
        bare.cost(path, status=status)
    bare.get(f"/tenants/{bare.tenant}/billing/preview", status=status)
    bare.get(f"/cost-centers/tenants/{bare.tenant}", status=status)
    refused = bare.get(f"/tenants/{bare.tenant}/billing/estimate", status=409)
    assert refused["error"]["code"] == "AMOUNT_OUT_OF_BOUNDS"
