"""What random histories found, told as stories: each failed before it was mended."""

from __future__ import annotations

import pytest

from tests.scenarios.world import World, amounts

PER_CALL = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.02"}


def test_a_fee_in_advance_of_another_interval_stands_beside_the_credit_for_the_old_one(
    world: World,
) -> None:
    world.begin("2025-04-01T00:00:00Z")
    quarterly = world.plan(price="70.00", interval="QUARTER", payInAdvance=True)
    made = world.subscribe(world.plan(payInAdvance=True))
    world.advance("2025-04-16T12:00:00Z")
    body = {"newPlanId": quarterly, "when": "NOW"}
    world.post(f"/subscriptions/{made['id']}/change-plan", body)

    world.advance("2025-04-16T13:00:00Z")

    assert [(one["periodStart"], one["periodEnd"]) for one in world.invoices()] == [
        ("2025-04-01T00:00:00Z", "2025-04-01T00:00:00Z"),
        ("2025-04-01T00:00:00Z", "2025-04-16T12:00:00Z"),
    ]
    closing = world.invoices()[1]
    assert sorted(amounts(closing)) == [("PLAN", "70.00"), ("PRORATION", "-14.50")]
    assert (closing["total"], closing["creditGranted"], closing["amountDue"]) == (
        "55.50",
        "0.00",
        "55.50",
    )


def test_late_usage_of_the_last_period_of_a_cancelled_account_is_invoiced(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    made = world.subscribe(world.plan(charges=[PER_CALL]))
    world.advance("2025-04-16T12:00:00Z")
    world.post(f"/subscriptions/{made['id']}/cancel", {"immediately": True})
    world.advance("2025-04-20T00:00:00Z")
    world.use("API_CALLS", "100", timestamp="2025-04-05T00:00:00Z")

    world.advance("2025-04-21T00:00:00Z")

    assert [amounts(one) for one in world.invoices()] == [
        [("PLAN", "15.50"), ("USAGE", "0.00")],
        [("ADJUSTMENT", "2.00")],
    ]


@pytest.mark.parametrize("in_advance", [True, False])
def test_without_proration_the_fee_that_waits_for_a_pause_to_end_stays_the_old_one(
    world: World, in_advance: bool
) -> None:
    world.begin("2025-04-01T00:00:00Z")
    other = world.plan(price="90.00", payInAdvance=in_advance)
    made = world.subscribe(world.plan(payInAdvance=True))
    path = f"/subscriptions/{made['id']}"
    world.advance("2025-04-21T00:00:00Z")
    world.post(f"{path}/pause")
    world.advance("2025-05-10T00:00:00Z")
    world.post(f"{path}/change-plan", {"newPlanId": other, "when": "NOW", "prorate": False})
    world.advance("2025-05-17T12:00:00Z")
    world.post(f"{path}/resume")

    world.advance("2025-06-01T01:00:00Z")

    may = world.invoices()[-1]
    fees = [line for line in may["lines"] if line["type"] == "PRORATION"]
    assert [(line["amount"], line["periodStart"], line["periodEnd"]) for line in fees] == [
        ("14.03", "2025-05-17T12:00:00Z", "2025-06-01T00:00:00Z")
    ]


def test_a_plan_in_arrears_taken_in_a_pause_in_which_a_fee_in_advance_waits_runs_from_the_change(
    world: World,
) -> None:
    world.begin("2025-04-01T00:00:00Z")
    in_arrears = world.plan(price="90.00")
    made = world.subscribe(world.plan(payInAdvance=True))
    path = f"/subscriptions/{made['id']}"
    world.advance("2025-04-21T00:00:00Z")
    world.post(f"{path}/pause")
    world.advance("2025-05-10T00:00:00Z")
    world.post(f"{path}/change-plan", {"newPlanId": in_arrears, "when": "NOW"})
    world.advance("2025-05-17T12:00:00Z")
    world.post(f"{path}/resume")

    world.advance("2025-06-01T01:00:00Z")

    may = world.invoices()[-1]
    fees = [line for line in may["lines"] if line["type"] == "PRORATION"]
    assert [(line["amount"], line["periodStart"], line["periodEnd"]) for line in fees] == [
        ("42.10", "2025-05-10T00:00:00Z", "2025-06-01T00:00:00Z")
    ]


def test_a_plan_that_is_to_come_comes_though_a_cancellation_was_meant_and_taken_back(
    world: World,
) -> None:
    world.begin("2025-04-01T00:00:00Z")
    daily = world.plan(price="1.00", interval="DAY")
    made = world.subscribe(world.plan())
    path = f"/subscriptions/{made['id']}"
    planned = world.post(f"{path}/change-plan", {"newPlanId": daily, "when": "PERIOD_END"})

    world.post(f"{path}/cancel")
    reactivated = world.post(f"{path}/reactivate")
    world.advance("2025-05-02T01:00:00Z")

    assert reactivated["pendingPlanId"] == planned["pendingPlanId"] is not None
    assert [amounts(one) for one in world.invoices()] == [[("PLAN", "30.00")], [("PLAN", "1.00")]]


@pytest.mark.parametrize(
    ("terms", "lines"),
    [
        ({}, [("PLAN", "30.00"), ("USAGE", "-2.00")]),
        (
            {"minimumAmount": "0"},
            [("PLAN", "30.00"), ("USAGE", "-2.00"), ("MINIMUM", "2.00")],
        ),
    ],
    ids=["no minimum", "a minimum of nothing"],
)
def test_corrections_take_a_charge_below_zero_unless_it_has_a_minimum(
    world: World, terms: dict[str, str], lines: list[tuple[str, str]]
) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(charges=[{**PER_CALL, **terms}]))
    world.use("API_CALLS", "-100", correction=True)

    world.advance("2025-05-01T01:00:00Z")

    assert [sorted(amounts(one)) for one in world.invoices()] == [sorted(lines)]


def test_late_usage_has_its_periods_percentages_off_where_the_invoice_had_nothing_to_discount(
    world: World,
) -> None:
    world.begin("2025-04-01T00:00:00Z")
    made = world.subscribe(world.plan(payInAdvance=True, charges=[PER_CALL]))
    path = f"/subscriptions/{made['id']}"
    world.advance("2025-04-10T00:00:00Z")
    world.post(f"{path}/discount", {"discountPercent": "50"})
    world.advance("2025-04-16T12:00:00Z")
    world.post(f"{path}/cancel", {"immediately": True})
    world.advance("2025-04-20T00:00:00Z")
    world.use("API_CALLS", "100", timestamp="2025-04-05T00:00:00Z")

    world.advance("2025-04-21T00:00:00Z")

    assert [amounts(one) for one in world.invoices()[1:]] == [
        [("PRORATION", "-14.50"), ("USAGE", "0.00")],
        [("ADJUSTMENT", "1.00")],
    ]
