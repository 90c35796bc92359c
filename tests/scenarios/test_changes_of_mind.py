"""Customers who change their minds: up, down, away and back. April has 30 days, May 31."""

from __future__ import annotations

from typing import Any

from tests.scenarios.world import World, amounts

CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1.00"}
DEAR = {**CALLS, "unitPrice": "2.00"}


def act(world: World, action: str, **given: Any) -> Any:
    found = world.get(f"/tenants/{world.tenant}/subscriptions")["data"][0]
    return world.post(f"/subscriptions/{found['id']}/{action}", given, status=200)


def change(world: World, plan: str, when: str = "NOW") -> Any:
    return act(world, "change-plan", newPlanId=plan, when=when)


def fees(invoice: Any) -> list[str]:
    return [line["amount"] for line in invoice["lines"] if line["type"] in {"PLAN", "PRORATION"}]


def test_an_upgrade_in_the_last_second_costs_a_second(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    dear = world.plan(price="2592000.00", charges=[DEAR])
    world.subscribe(world.plan(charges=[CALLS]))
    world.advance("2025-04-30T23:59:59Z")
    world.use("API_CALLS", "5", timestamp="2025-04-30T23:59:58Z")

    change(world, dear)
    world.use("API_CALLS", "3")
    world.advance("2025-05-01T01:00:00Z")

    # A second of 2,592,000: nothing of the 30.00, and 1.00 of the new plan's fee.
    # Five calls at 1.00 until then, three at 2.00 from then on.
    (april,) = world.invoices()
    assert fees(april) == ["30.00", "0.00", "1.00"]
    used = [line["amount"] for line in april["lines"] if line["type"] == "USAGE"]
    assert sorted(used) == ["5.00", "6.00"]
    assert april["total"] == "42.00"
    world.advance("2025-06-01T01:00:00Z")
    assert fees(world.invoices()[1]) == ["2592000.00"]


def test_a_downgrade_at_the_end_waits_for_it(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    small = world.plan(price="30.00")
    world.subscribe(world.plan(price="90.00"))
    world.advance("2025-04-10T00:00:00Z")

    pending = change(world, small, when="PERIOD_END")
    world.advance("2025-06-01T01:00:00Z")

    assert pending["pendingPlanId"] is not None
    assert [amounts(one) for one in world.invoices()] == [[("PLAN", "90.00")], [("PLAN", "30.00")]]
    assert world.subscription()["pendingPlanId"] is None


def test_twice_up_and_down_in_a_month_and_back_again(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    small, large = world.plan(), world.plan(price="90.00")
    world.subscribe(small)
    world.advance("2025-04-11T00:00:00Z")
    change(world, large)
    world.advance("2025-04-21T00:00:00Z")

    change(world, small)
    world.advance("2025-05-01T01:00:00Z")

    # 20 of 30 days are left, then 10: −20.00 and +60.00, −30.00 and +10.00.
    (april,) = world.invoices()
    assert fees(april) == ["30.00", "-20.00", "60.00", "-30.00", "10.00"]
    assert april["total"] == "50.00", "20 days at 1.00 and 10 at 3.00"


def test_a_change_during_the_trial_costs_nothing_until_its_end(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    large = world.plan(price="90.00", charges=[DEAR])
    world.subscribe(world.plan(charges=[CALLS]), trialDays=10)
    world.use("API_CALLS", "4")
    world.advance("2025-04-05T00:00:00Z")

    changed = change(world, large)
    world.advance("2025-05-11T01:00:00Z")

    assert (changed["status"], changed["trialEnd"]) == ("TRIALING", "2025-04-11T00:00:00Z")
    (first,) = world.invoices()
    assert amounts(first) == [("PLAN", "90.00"), ("USAGE", "0.00")]
    assert first["periodStart"] == "2025-04-11T00:00:00Z"


def test_a_change_while_paused_counts_each_plans_days_that_were_not(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    large = world.plan(price="90.00")
    world.subscribe(world.plan())
    world.advance("2025-04-11T00:00:00Z")
    act(world, "pause")
    world.advance("2025-04-16T00:00:00Z")

    change(world, large)
    world.advance("2025-04-21T00:00:00Z")
    act(world, "resume")
    world.advance("2025-05-01T01:00:00Z")

    # Ten days at 1.00 before the pause, ten at 3.00 after it.
    assert world.invoices()[0]["total"] == "40.00"


def test_a_pause_over_the_end_of_a_period_in_arrears(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(charges=[CALLS]))
    world.advance("2025-04-21T00:00:00Z")
    act(world, "pause")
    world.advance("2025-05-05T00:00:00Z")
    world.use("API_CALLS", "7")

    world.advance("2025-05-11T00:00:00Z")
    act(world, "resume")
    world.advance("2025-06-01T01:00:00Z")

    # 20 of April's 30 days; 21 of May's 31: 20.3225… What is used in a pause is charged.
    april, may = world.invoices()
    assert amounts(april) == [("PLAN", "20.00"), ("USAGE", "0.00")]
    assert amounts(may) == [("PLAN", "20.32"), ("USAGE", "7.00")]


def test_a_pause_over_the_end_of_a_period_in_advance(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(payInAdvance=True))
    world.advance("2025-04-21T00:00:00Z")
    act(world, "pause")
    world.advance("2025-05-11T00:00:00Z")

    act(world, "resume")
    world.advance("2025-06-01T01:00:00Z")

    # The ten days of April were paid; May's fee waits, and 21 of its 31 days are charged: 20.32.
    first, april, may = world.invoices()
    assert fees(first) == ["30.00"]
    assert (fees(april), april["total"], april["creditGranted"]) == (["-10.00"], "0.00", "10.00")
    assert fees(may) == ["30.00", "20.32"], "June's, and the rest of May's"
    assert (may["total"], may["creditsApplied"], may["amountDue"]) == ("50.32", "10.00", "40.32")


def test_a_cancellation_that_is_taken_back_was_none(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    world.advance("2025-04-20T00:00:00Z")
    meant = act(world, "cancel", reason="too dear")

    back = act(world, "reactivate")
    world.advance("2025-06-01T01:00:00Z")

    assert (meant["status"], meant["cancelAtPeriodEnd"]) == ("ACTIVE", True)
    assert (back["status"], back["cancelAtPeriodEnd"]) == ("ACTIVE", False)
    assert [one["total"] for one in world.invoices()] == ["30.00", "30.00"]


def test_who_cancels_at_once_and_comes_back_pays_for_the_days_that_were_there(
    world: World,
) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(payInAdvance=True))
    world.advance("2025-04-11T00:00:00Z")
    act(world, "cancel", immediately=True)
    world.advance("2025-04-16T00:00:00Z")
    assert world.get(f"/tenants/{world.tenant}")["creditBalance"] == "20.00", "20 days unused"

    act(world, "reactivate")
    world.advance("2025-05-01T01:00:00Z")

    # 15 of 30 days are left: 15.00, with May's fee. 30.00 and 25.00 paid: 25 days and May.
    last = world.invoices()[-1]
    assert sorted(fees(last)) == ["15.00", "30.00"]
    assert (last["creditsApplied"], last["amountDue"]) == ("20.00", "25.00")


def test_who_was_cancelled_at_the_end_can_not_come_back_but_begin_anew(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    made = world.subscribe(world.plan())
    act(world, "cancel")
    world.advance("2025-05-02T00:00:00Z")

    refused = world.post(f"/subscriptions/{made['id']}/reactivate", status=409)
    again = world.subscribe(world.plan(price="10.00"))
    world.advance("2025-06-02T01:00:00Z")

    assert refused["error"]["code"] == "INVALID_TRANSITION"
    assert again["currentPeriodStart"] == "2025-05-02T00:00:00Z"
    assert [one["total"] for one in world.invoices()] == ["30.00", "10.00"]


def test_from_a_trial_to_paying_with_a_coupon_for_two_months(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    coupon = {
        "code": "Welcome50",
        "discountType": "PERCENTAGE",
        "discountValue": "50",
        "durationMonths": 2,
    }
    world.post("/coupons", coupon, status=201)
    world.subscribe(world.plan(), trialDays=14, couponCode="welcome50")

    world.advance("2025-08-15T01:00:00Z")

    # The trial's own invoice would be of nothing, and is not made; so the two months count from
    # the first one that is discounted, which covers 15 April to 15 May.
    seen = [
        (one["periodStart"][:10], one["discountTotal"], one["total"]) for one in world.invoices()
    ]
    assert seen == [
        ("2025-04-15", "15.00", "15.00"),
        ("2025-05-15", "15.00", "15.00"),
        ("2025-06-15", "0.00", "30.00"),
        ("2025-07-15", "0.00", "30.00"),
    ]


def test_a_standstill_of_three_months_does_what_was_due_in_order(world: World) -> None:
    world.begin("2025-01-31T00:00:00Z")
    world.subscribe(world.plan(payInAdvance=True, charges=[CALLS]))
    world.use("API_CALLS", "2", timestamp="2025-01-31T00:00:00Z")

    world.advance("2025-04-30T02:00:00Z")

    seen = [(one["periodStart"][:10], one["status"], one["total"]) for one in world.invoices()]
    assert seen == [
        ("2025-01-31", "OVERDUE", "30.00"),
        ("2025-01-31", "OVERDUE", "32.00"),
        ("2025-02-28", "OVERDUE", "30.00"),
        ("2025-03-31", "PENDING", "30.00"),
    ]
    assert world.subscription()["status"] == "UNPAID"
    for one in world.invoices():
        world.post(f"/invoices/{one['id']}/payments", {"amount": one["amountDue"]}, status=200)
    assert world.subscription()["status"] == "ACTIVE"
