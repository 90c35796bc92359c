"""Periods that were invoiced before their end, and what their subscription did after that.

April has 30 days, May 31. A plan of 30.00 in advance, invoiced on 10 April, has paid for May.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.world import World, amounts

EARLY, MIDDLE = "2025-04-10T00:00:00Z", "2025-04-16T12:00:00Z"
YEARLY = {"interval": "YEAR", "price": "300.00"}


@pytest.fixture
def paid(world: World) -> World:
    """Return a world in which April was invoiced, and May's fee charged, on 10 April."""
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(payInAdvance=True))
    invoice_early(world)
    return world


def invoice_early(world: World) -> None:
    world.advance(EARLY)
    draft = world.post(f"/tenants/{world.tenant}/invoices", status=201)
    world.post(f"/invoices/{draft['id']}/finalize")


def act(world: World, action: str, **given: Any) -> None:
    found = world.get(f"/tenants/{world.tenant}/subscriptions")["data"][0]
    world.post(f"/subscriptions/{found['id']}/{action}", given, status=200)


def later(world: World) -> list[Any]:
    """Return the invoices after that of 10 April: when they begin, and their fees in order."""
    finalized = [one for one in world.invoices() if one["finalizedAt"] > EARLY]
    return [(one["periodStart"][5:10], sorted(amounts(one))) for one in finalized]


def test_a_pause_goes_on_into_a_period_that_was_paid_early(paid: World) -> None:
    paid.advance("2025-04-21T00:00:00Z")
    act(paid, "pause")
    paid.advance("2025-05-11T00:00:00Z")
    act(paid, "resume")
    paid.advance("2025-06-01T01:00:00Z")

    # Ten days of April's 30, and ten of May's 31: 9.6774…
    back = [("PRORATION", "-10.00"), ("PRORATION", "-9.68")]
    assert later(paid) == [("05-01", [("PLAN", "30.00"), *back])]


def test_a_plan_is_changed_in_a_pause_that_went_on_into_a_paid_period(paid: World) -> None:
    dear = paid.plan(price="90.00", payInAdvance=True)
    paid.advance("2025-04-21T00:00:00Z")
    act(paid, "pause")
    paid.advance("2025-05-05T00:00:00Z")
    act(paid, "change-plan", newPlanId=dear, when="NOW")
    paid.advance("2025-05-11T00:00:00Z")
    act(paid, "resume")
    paid.advance("2025-06-01T01:00:00Z")

    # May: 30.00 for 4 paused days of 31 and for the 27 after the change; 90.00 for these, less 6.
    may = ["-3.87", "-26.13", "78.39", "-17.42"]
    wanted = [("PLAN", "90.00"), *(("PRORATION", one) for one in ["-10.00", *may])]
    assert later(paid) == [("05-01", sorted(wanted))]


def test_a_cancellation_in_that_pause_gives_all_of_the_paid_period_back(paid: World) -> None:
    paid.advance("2025-04-21T00:00:00Z")
    act(paid, "pause")
    paid.advance("2025-05-11T00:00:00Z")
    act(paid, "cancel", immediately=True)
    paid.advance("2025-05-12T00:00:00Z")

    assert later(paid) == [("05-01", [("PRORATION", "-10.00"), ("PRORATION", "-30.00")])]


@pytest.mark.parametrize("when", ["NOW", "PERIOD_END"])
def test_a_plan_in_arrears_gives_the_early_fee_back(paid: World, when: str) -> None:
    paid.advance(MIDDLE)
    act(paid, "change-plan", newPlanId=paid.plan(price="90.00"), when=when)
    paid.advance("2025-07-01T01:00:00Z")

    swap = [("PRORATION", "-14.50"), ("PRORATION", "43.50")] if when == "NOW" else []
    may = [("PLAN", "90.00"), ("PRORATION", "-30.00"), *swap]
    assert later(paid) == [("05-01", sorted(may)), ("06-01", [("PLAN", "90.00")])]


@pytest.mark.parametrize("in_advance", [False, True], ids=["to arrears", "to advance"])
def test_another_interval_at_once_closes_the_early_one_as_a_cancellation(
    paid: World, in_advance: bool
) -> None:
    paid.advance(MIDDLE)
    plan = paid.plan(**YEARLY, payInAdvance=in_advance)
    act(paid, "change-plan", newPlanId=plan, when="NOW")
    paid.advance("2025-04-17T00:00:00Z")

    back = ("04-01", [("PRORATION", "-14.50"), ("PRORATION", "-30.00")])
    begun = [("04-16", [("PLAN", "300.00")])] if in_advance else []
    assert later(paid) == [back, *begun]
    shown = amounts(paid.preview())
    assert shown == [("PLAN", "300.00")], "this year's in arrears, the next one's in advance"


@pytest.mark.parametrize("in_advance", [False, True], ids=["to arrears", "to advance"])
def test_another_interval_at_the_end_gives_the_early_fee_back(
    paid: World, in_advance: bool
) -> None:
    plan = paid.plan(**YEARLY, payInAdvance=in_advance)
    act(paid, "change-plan", newPlanId=plan, when="PERIOD_END")
    paid.advance("2025-05-02T00:00:00Z")

    # The year's fee in advance is due now, so what was paid for May is given back with it.
    begun = [("05-01", [("PLAN", "300.00"), ("PRORATION", "-30.00")])]
    assert later(paid) == (begun if in_advance else [])
    back = [] if in_advance else [("PRORATION", "-30.00")]
    assert amounts(paid.preview()) == [("PLAN", "300.00"), *back]


def test_another_interval_in_arrears_gives_the_rest_of_an_early_invoice_back(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    invoice_early(world)
    world.advance(MIDDLE)
    act(world, "change-plan", newPlanId=world.plan(**YEARLY), when="NOW")
    world.advance("2025-04-17T00:00:00Z")

    assert later(world) == [("04-01", [("PRORATION", "-14.50")])]
    assert amounts(world.preview()) == [("PLAN", "300.00")]
