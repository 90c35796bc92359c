"""Late usage several times over, around a change of plan and a credit note: the sum is the same.

Two tenants have the same events under the same plans. To one they come in time; to the other late,
some before and some after a credit note, some voided again. What both were charged in the end is
equal, for every model and every aggregation.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.scenarios.test_late_usage import STAIRS
from tests.scenarios.world import T_TIERS, World

MODELS: dict[str, dict[str, Any]] = {
    "PER_UNIT": {"unitPrice": "0.0035"},
    "PACKAGE": {"packageSize": "7", "packagePrice": "1.05"},
    "GRADUATED": {"tiers": T_TIERS},
    "VOLUME": {"tiers": T_TIERS},
    "PERCENTAGE": {"rate": "1.25", "fixedFee": "0.30"},
    "STAIRCASE": {"tiers": STAIRS},
}
FEW_TIERS = [
    {"upTo": "1", "unitPrice": "9.00"},
    {"upTo": "2", "unitPrice": "7.00", "flatFee": "1.00"},
    {"upTo": None, "unitPrice": "5.00"},
]
CASES = [
    *(("SUM", model) for model in MODELS),
    *((aggregation, "GRADUATED") for aggregation in ("COUNT", "MAX", "LATEST", "UNIQUE")),
    ("MAX", "PACKAGE"),
]
# A name, when it happened, how much of it, whose it is; in time, then two rounds of late ones.
Event = tuple[str, str, str, str]
IN_TIME: list[Event] = [
    ("a", "2025-04-02T10:00:00Z", "900", "ann"),
    ("b", "2025-04-20T10:00:00Z", "1200", "bo"),
]
FIRST: list[Event] = [
    ("c", "2025-04-03T10:00:00Z", "333", "cy"),
    ("d", "2025-04-15T23:59:59Z", "4800", "ann"),
    ("e", "2025-04-16T00:00:00Z", "77", "dee"),
]
SECOND: list[Event] = [
    ("f", "2025-04-05T10:00:00Z", "2000", "eve"),
    ("g", "2025-04-29T10:00:00Z", "5001", "bo"),
]
VOIDED = {"d", "b"}


def live(world: World, name: str, charge: dict[str, Any]) -> None:
    """Begin in April under one plan, and change to another on the 16th."""
    world.begin("2025-04-01T00:00:00Z")
    charge = {"metricType": name, **charge}
    other = {"rate": "2"} if "rate" in charge else {"includedQuantity": "1"}
    world.subscribe(world.plan(charges=[{**charge, "minimumAmount": "4.00"}]))
    world.advance("2025-04-16T00:00:00Z")
    change = {"newPlanId": world.plan(charges=[{**charge, **other}]), "when": "NOW"}
    world.post(f"/subscriptions/{world.subscription()['id']}/change-plan", change)


def record(world: World, meter: str, events: list[Event]) -> None:
    for name, at, quantity, user in events:
        world.use(meter, quantity, timestamp=at, userId=user, eventId=name)


def void(world: World, name: str) -> None:
    world.call("delete", f"/tenants/{world.tenant}/usage/events/{name}")


def credit_note(world: World) -> None:
    """Credit a part of the first invoice: nothing of usage changes by it."""
    note = {"amount": "2.50", "reason": "goodwill"}
    world.post(f"/invoices/{world.invoices()[0]['id']}/credit-notes", note, status=201)


def charged(world: World) -> Decimal:
    kinds = {"USAGE", "MINIMUM", "ADJUSTMENT"}
    return sum(
        (
            Decimal(line["amount"])
            for invoice in world.invoices()
            for line in invoice["lines"]
            if line["type"] in kinds
        ),
        Decimal(0),
    )


def meter_of(world: World, aggregation: str) -> str:
    given = {"metricType": f"METER_{uuid4().hex[:8].upper()}", "name": "Things"}
    given["aggregation"] = aggregation
    if aggregation == "UNIQUE":
        given["uniqueField"] = "userId"
    world.post("/meters", given, status=201)
    return given["metricType"]


@pytest.mark.parametrize(("aggregation", "model"), CASES, ids=["-".join(case) for case in CASES])
def test_whatever_comes_late_the_sum_is_that_of_what_came_in_time(
    world: World, aggregation: str, model: str
) -> None:
    name = meter_of(world, aggregation)
    few = {"tiers": FEW_TIERS} if aggregation in {"COUNT", "UNIQUE"} else {}
    charge = {"model": model, **MODELS[model], **few}
    prompt = World()
    live(prompt, name, charge)
    prompt.advance("2025-04-30T00:00:00Z")
    record(prompt, name, [*IN_TIME, *FIRST, *SECOND])
    for voided in sorted(VOIDED):
        void(prompt, voided)
    prompt.advance("2025-07-01T02:00:00Z")

    live(world, name, charge)
    world.advance("2025-04-30T00:00:00Z")
    record(world, name, IN_TIME)
    world.advance("2025-05-03T00:00:00Z")
    record(world, name, FIRST)
    world.advance("2025-06-03T00:00:00Z")
    credit_note(world)
    record(world, name, SECOND)
    for voided in sorted(VOIDED):
        void(world, voided)
    world.advance("2025-07-01T02:00:00Z")

    assert charged(world) == charged(prompt)
    assert charged(prompt) > 0
    assert any(line["type"] == "ADJUSTMENT" for one in world.invoices() for line in one["lines"])
