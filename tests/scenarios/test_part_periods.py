"""The part periods of April 2025, row by row, as the contract's examples have them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.world import World, amounts

NOON_16 = "2025-04-16T12:00:00Z"


def at(world: World, moment: str) -> None:
    world.advance(moment)


def act(world: World, action: str, **given: Any) -> Any:
    return world.post(f"/subscriptions/{world.subscription()['id']}/{action}", given, status=200)


def change(world: World, plan: str, when: str = "NOW", **given: Any) -> Any:
    return act(world, "change-plan", newPlanId=plan, when=when, **given)


def april(world: World, **plan: Any) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(**plan))


def prorations(invoice: Any) -> list[str]:
    return [line["amount"] for line in invoice["lines"] if line["type"] == "PRORATION"]


def last(world: World) -> Any:
    return world.invoices()[-1]


def test_in_advance_a_change_at_noon_on_the_16th(world: World) -> None:
    april(world, payInAdvance=True)
    at(world, NOON_16)

    change(world, world.plan(price="90.00", payInAdvance=True))

    assert prorations(world.preview()) == ["-14.50", "43.50"]
    at(world, "2025-05-01T01:00:00Z")
    assert amounts(last(world)) == [
        ("PLAN", "90.00"),
        ("PRORATION", "-14.50"),
        ("PRORATION", "43.50"),
    ]


def test_the_same_with_half_off_for_ever(world: World) -> None:
    world.begin("2025-03-31T00:00:00Z")
    world.subscribe(world.plan(payInAdvance=True), startAt="2025-04-01T00:00:00Z")
    act(world, "discount", discountPercent="50")
    at(world, NOON_16)

    change(world, world.plan(price="90.00", payInAdvance=True))

    first = world.invoices()[0]
    assert (first["total"], first["discountTotal"]) == ("15.00", "15.00")
    preview = world.preview()
    assert prorations(preview) == ["-7.25", "43.50"]
    assert [line["discountAmount"] for line in preview["lines"][:3]] == ["45.00", "0.00", "21.75"]
    assert amounts(preview)[-1] == ("DISCOUNT", "-66.75")


def test_an_invoices_words_are_in_its_own_language_whoever_asks(
    world: World, settings: Any
) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    act(world, "discount", discountPercent="12.5")
    at(world, NOON_16)
    change(world, world.plan(price="90.00"))
    settings.BILLING = {**settings.BILLING, "INVOICE_LANGUAGE": "de"}

    path = f"/tenants/{world.tenant}/billing/preview"
    asked: list[Any] = ["en", "de"]
    said = [world.call("get", path, **{"Accept-Language": one}) for one in asked]

    words = [[line["description"] for line in one["lines"]] for one in said]
    assert words[0] == words[1]
    assert words[0][-1] == "Rabatt von 12,5 %"


def test_percentages_are_taken_off_and_shown_first(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(price="100.00"))
    act(world, "discount", discountAmount="5.00")
    act(world, "discount", discountPercent="10")
    act(world, "discount", discountPercent="20")

    off = [line for line in amounts(world.preview()) if line[0] == "DISCOUNT"]

    assert off == [("DISCOUNT", "-10.00"), ("DISCOUNT", "-18.00"), ("DISCOUNT", "-5.00")]


def test_the_same_in_arrears(world: World) -> None:
    april(world)
    at(world, NOON_16)
    change(world, world.plan(price="90.00"))

    at(world, "2025-05-01T01:00:00Z")
    assert amounts(last(world)) == [
        ("PLAN", "30.00"),
        ("PRORATION", "-14.50"),
        ("PRORATION", "43.50"),
    ]
    at(world, "2025-06-01T01:00:00Z")
    assert amounts(last(world)) == [("PLAN", "90.00")]


def test_on_the_11th_at_13_minutes_past_seven(world: World) -> None:
    april(world, payInAdvance=True)
    at(world, "2025-04-11T07:13:21Z")

    change(world, world.plan(price="49.99", payInAdvance=True))

    assert prorations(world.preview()) == ["-19.70", "32.83"]


def test_paused_in_arrears(world: World) -> None:
    april(world)
    at(world, "2025-04-11T00:00:00Z")
    assert act(world, "pause")["status"] == "PAUSED"
    at(world, "2025-04-21T00:00:00Z")
    assert act(world, "resume")["status"] == "ACTIVE"

    at(world, "2025-05-01T01:00:00Z")
    assert amounts(last(world)) == [("PLAN", "20.00")]


def test_paused_in_advance(world: World) -> None:
    april(world, payInAdvance=True)
    at(world, "2025-04-11T00:00:00Z")
    act(world, "pause")
    at(world, "2025-04-21T00:00:00Z")
    act(world, "resume")

    at(world, "2025-05-01T01:00:00Z")
    assert amounts(last(world)) == [("PLAN", "30.00"), ("PRORATION", "-10.00")]


def test_a_minimum_for_half_a_period(world: World) -> None:
    charge = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1"}
    april(world, price="0.00", charges=[{**charge, "minimumAmount": "25"}])
    at(world, NOON_16)
    change(world, world.plan(price="0.00", charges=[charge]))

    at(world, "2025-05-01T01:00:00Z")
    minimums = [line["amount"] for line in last(world)["lines"] if line["type"] == "MINIMUM"]
    assert minimums == ["12.92"]


@pytest.mark.parametrize(
    ("in_advance", "expected"),
    [
        (False, [("PLAN", "15.50"), ("USAGE", "7.00")]),
        (True, [("PRORATION", "-14.50"), ("USAGE", "7.00")]),
    ],
    ids=["arrears", "advance"],
)
def test_cancelled_immediately(
    world: World, in_advance: bool, expected: list[tuple[str, str]]
) -> None:
    charge = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1"}
    april(world, payInAdvance=in_advance, charges=[charge])
    world.use("API_CALLS", "7")
    at(world, NOON_16)

    ended = act(world, "cancel", immediately=True, reason="moving on")

    assert (ended["status"], ended["endedAt"]) == ("CANCELLED", NOON_16)
    assert ended["cancellationReason"] == "moving on"
    final = last(world)
    assert amounts(final) == expected
    assert final["status"] == "DRAFT"
    at(world, "2025-04-16T13:00:00Z")
    final = last(world)
    if in_advance:
        assert (final["total"], final["creditGranted"], final["status"]) == ("0.00", "7.50", "PAID")
    else:
        assert (final["total"], final["status"]) == ("22.50", "PENDING")
