"""What comes in, or is voided, after its period was invoiced: the difference, up or down."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.scenarios.world import T_TIERS, World, amounts

STAIRS = [
    {"upTo": "100", "flatFee": "10"},
    {"upTo": "1000", "flatFee": "50"},
    {"upTo": None, "flatFee": "200"},
]
CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1.00"}


def adjustments(invoice: Any) -> list[str]:
    return [line["amount"] for line in invoice["lines"] if line["type"] == "ADJUSTMENT"]


def void(world: World, event_id: str) -> None:
    world.call("delete", f"/tenants/{world.tenant}/usage/events/{event_id}")


def april(world: World, charge: dict[str, Any]) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(charges=[charge]))


MODELS = [
    # 1001 × 0.0035 = 3.5035; 2001 × 0.0035 = 7.0035.
    pytest.param({"model": "PER_UNIT", "unitPrice": "0.0035"}, "1001", "1000", "3.50", "3.50",
                 id="PER_UNIT"),
    # 900 are one package, 1100 are two.
    pytest.param({"model": "PACKAGE", "packageSize": "1000", "packagePrice": "1.00"},
                 "900", "200", "1.00", "1.00", id="PACKAGE"),
    # 1000 × 0.02; 6000: 20 + 3 + 4000 × 0.015 + 1000 × 0.01 = 93.
    pytest.param({"model": "GRADUATED", "tiers": T_TIERS}, "1000", "5000", "20.00", "73.00",
                 id="GRADUATED"),
    # 1000 × 0.02; 1001 × 0.015 + 3 = 18.015: more usage, and less to pay.
    pytest.param({"model": "VOLUME", "tiers": T_TIERS}, "1000", "1", "20.00", "-1.98",
                 id="VOLUME"),
    # 1.25 % of 100 and 0.30; 1.25 % of 240.40 and 0.60 = 3.605.
    pytest.param({"model": "PERCENTAGE", "rate": "1.25", "fixedFee": "0.30"}, "100", "140.40",
                 "1.55", "2.06", id="PERCENTAGE"),
    pytest.param({"model": "STAIRCASE", "tiers": STAIRS}, "100", "0.01", "10.00", "40.00",
                 id="STAIRCASE"),
]  # fmt: skip


@pytest.mark.parametrize(("charge", "in_time", "late", "billed", "difference"), MODELS)
def test_late_usage_of_every_model(
    world: World, charge: dict[str, Any], in_time: str, late: str, billed: str, difference: str
) -> None:
    april(world, {"metricType": "API_CALLS", **charge})
    world.use("API_CALLS", in_time, timestamp="2025-04-01T00:00:00Z")
    world.advance("2025-05-10T00:00:00Z")

    world.use("API_CALLS", late, timestamp="2025-04-20T00:00:00Z")
    world.advance("2025-06-01T01:00:00Z")

    first, may = world.invoices()
    assert ("USAGE", billed) in amounts(first)
    assert adjustments(may) == [difference]
    (line,) = [line for line in may["lines"] if line["type"] == "ADJUSTMENT"]
    assert (line["periodStart"], line["periodEnd"]) == (
        "2025-04-01T00:00:00Z",
        "2025-05-01T00:00:00Z",
    )


def test_a_late_event_that_changes_nothing_makes_no_line(world: World) -> None:
    april(world, {"metricType": "API_CALLS", "model": "PACKAGE", "packageSize": "1000",
                  "packagePrice": "1.00"})  # fmt: skip
    world.use("API_CALLS", "900")
    world.advance("2025-05-10T00:00:00Z")

    world.use("API_CALLS", "50", timestamp="2025-04-20T00:00:00Z")
    world.advance("2025-06-01T01:00:00Z")

    assert adjustments(world.invoices()[1]) == []


Event = dict[str, str]
AGGREGATIONS: list[Any] = [
    # Each at 2.00.
    pytest.param("SUM", [{"quantity": "3"}], {"quantity": "4"}, "6.00", "8.00", id="SUM"),
    pytest.param("COUNT", [{"quantity": "3"}, {"quantity": "5"}], {"quantity": "9"}, "4.00",
                 "2.00", id="COUNT"),
    pytest.param("MAX", [{"quantity": "5"}], {"quantity": "8"}, "10.00", "6.00", id="MAX"),
    pytest.param("MAX", [{"quantity": "5"}], {"quantity": "4"}, "10.00", None, id="MAX, a lower"),
    # Of the 25th, so it is later than what was the latest.
    pytest.param("LATEST", [{"quantity": "10"}], {"quantity": "7"}, "20.00", "-6.00", id="LATEST"),
    pytest.param("UNIQUE", [{"quantity": "1", "userId": "ann"}, {"quantity": "1", "userId": "bo"}],
                 {"quantity": "1", "userId": "cy"}, "4.00", "2.00", id="UNIQUE"),
    pytest.param("UNIQUE", [{"quantity": "1", "userId": "ann"}], {"quantity": "1", "userId": "ann"},
                 "2.00", None, id="UNIQUE, seen before"),
]  # fmt: skip


def meter(world: World, aggregation: str) -> str:
    name = f"METER_{uuid4().hex[:8].upper()}"
    given = {"metricType": name, "name": "Things", "aggregation": aggregation}
    if aggregation == "UNIQUE":
        given["uniqueField"] = "userId"
    world.post("/meters", given, status=201)
    return name


@pytest.mark.parametrize(("aggregation", "in_time", "late", "billed", "difference"), AGGREGATIONS)
def test_late_usage_of_every_aggregation_and_then_its_voiding(
    world: World,
    aggregation: str,
    in_time: list[Event],
    late: Event,
    billed: str,
    difference: str | None,
) -> None:
    name = meter(world, aggregation)
    april(world, {"metricType": name, "model": "PER_UNIT", "unitPrice": "2.00"})
    for event in in_time:
        world.use(name, timestamp="2025-04-01T00:00:00Z", **event)
    world.advance("2025-05-10T00:00:00Z")

    event_id = world.use(name, timestamp="2025-04-25T00:00:00Z", **late)["eventId"]
    world.advance("2025-06-10T00:00:00Z")
    void(world, event_id)
    world.advance("2025-07-01T01:00:00Z")

    first, may, june = world.invoices()
    assert ("USAGE", billed) in amounts(first)
    assert adjustments(may) == ([difference] if difference else [])
    undone = difference and (difference[1:] if difference[0] == "-" else f"-{difference}")
    assert adjustments(june) == ([undone] if undone else []), "the voiding takes all of it back"


def test_several_times_over_the_base_is_all_that_was_invoiced(world: World) -> None:
    april(world, CALLS)
    world.use("API_CALLS", "10")
    world.advance("2025-05-10T00:00:00Z")
    world.use("API_CALLS", "5", timestamp="2025-04-02T00:00:00Z")
    world.advance("2025-06-10T00:00:00Z")
    gone = world.use("API_CALLS", "7", timestamp="2025-04-03T00:00:00Z")["eventId"]
    world.advance("2025-07-10T00:00:00Z")
    void(world, gone)
    world.use("API_CALLS", "1", timestamp="2025-04-04T00:00:00Z")

    world.advance("2025-08-01T01:00:00Z")

    # 10.00, then 15.00, 22.00, and 16.00.
    assert [adjustments(one) for one in world.invoices()] == [[], ["5.00"], ["7.00"], ["-6.00"]]


def test_late_usage_on_both_sides_of_a_change_of_plan_has_each_plans_price(world: World) -> None:
    april(world, CALLS)
    made = world.subscription()
    dear = world.plan(charges=[{**CALLS, "unitPrice": "3.00"}])
    world.advance("2025-04-16T00:00:00Z")
    world.post(
        f"/subscriptions/{made['id']}/change-plan", {"newPlanId": dear, "when": "NOW"}, status=200
    )
    world.advance("2025-05-10T00:00:00Z")

    world.use("API_CALLS", "2", timestamp="2025-04-15T23:59:59Z")
    world.use("API_CALLS", "4", timestamp="2025-04-16T00:00:00Z")
    world.advance("2025-06-01T01:00:00Z")

    # 2 × 1.00 and 4 × 3.00.
    assert sorted(adjustments(world.invoices()[1])) == ["12.00", "2.00"]


def test_a_credit_note_does_not_change_what_late_usage_is_compared_with(world: World) -> None:
    april(world, CALLS)
    world.use("API_CALLS", "10")
    world.advance("2025-05-10T00:00:00Z")
    (first,) = world.invoices()
    note = {"amount": "4.00", "reason": "goodwill"}
    world.post(f"/invoices/{first['id']}/credit-notes", note, status=201)

    late = world.use("API_CALLS", "5", timestamp="2025-04-20T00:00:00Z")["eventId"]
    world.advance("2025-06-10T00:00:00Z")
    void(world, late)
    world.advance("2025-07-01T01:00:00Z")

    # 15 × 1.00 less the 10.00 that were invoiced; the note stands beside them. Then back.
    assert [adjustments(one) for one in world.invoices()] == [[], ["5.00"], ["-5.00"]]
    assert world.invoices()[0]["amountDue"] == "36.00"


def test_late_usage_below_zero_becomes_credit(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(price="3.00", charges=[CALLS]))
    gone = world.use("API_CALLS", "10")["eventId"]
    world.advance("2025-05-10T00:00:00Z")

    void(world, gone)
    world.advance("2025-06-01T01:00:00Z")

    # 3.00 − 10.00: nothing to pay, and 7.00 of credit.
    may = world.invoices()[1]
    assert (may["total"], may["creditGranted"]) == ("0.00", "7.00")
    assert world.get(f"/tenants/{world.tenant}")["creditBalance"] == "7.00"
