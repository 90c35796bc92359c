"""`timeline`: what each hour and day added to the bill, in the tenant's own days."""

from __future__ import annotations

import pytest

from tests.costs.conftest import Costs, total

pytestmark = pytest.mark.django_db


def points(world: Costs, query: str = "") -> list[tuple[str, str]]:
    return [(one["timestamp"], one["cost"]) for one in world.cost(f"timeline{query}")["points"]]


def test_hours_have_what_they_added_by_the_tiers(world: Costs) -> None:
    world.advance("2025-04-01T13:00:00Z")
    world.use("COMPUTE_SECONDS", "900", timestamp="2025-04-01T10:30:00Z")
    world.use("COMPUTE_SECONDS", "200", timestamp="2025-04-01T12:10:00Z")

    assert points(world, "?granularity=HOUR") == [
        ("2025-04-01T10:20:00Z", "23.00"),  # 900 at 0.02, and the minimum of 5.00
        ("2025-04-01T11:00:00Z", "0.00"),
        ("2025-04-01T12:00:00Z", "6.50"),  # 100 at 0.02, 100 at 0.015, the tier's 3.00
        ("2025-04-01T13:00:00Z", "0.00"),
    ]


def test_days_are_the_tenants(db: None) -> None:
    world = Costs()
    world.begin("2025-03-28T10:00:00Z", timezone="Europe/Berlin")
    world.subscribe(
        world.plan(charges=[{"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1"}])
    )
    world.advance("2025-03-31T12:00:00Z")
    world.use("API_CALLS", "1", timestamp="2025-03-29T22:59:59Z")
    world.use("API_CALLS", "2", timestamp="2025-03-29T23:00:00Z")  # midnight in Berlin
    world.use("API_CALLS", "4", timestamp="2025-03-30T21:59:59Z")
    world.use("API_CALLS", "8", timestamp="2025-03-30T22:00:00Z")  # a day of 23 hours later

    assert points(world) == [
        ("2025-03-28T10:00:00Z", "0.00"),
        ("2025-03-28T23:00:00Z", "1.00"),
        ("2025-03-29T23:00:00Z", "6.00"),
        ("2025-03-30T22:00:00Z", "8.00"),
    ]


def test_a_range_may_be_a_part_or_reach_over_periods(world: Costs) -> None:
    world.use("API_CALLS", "1000")
    world.advance("2025-05-03T00:00:00Z")
    world.use("API_CALLS", "2000", timestamp="2025-05-02T03:00:00Z")

    part = world.cost(
        "timeline?start=2025-05-02T00:00:00Z&end=2025-05-02T04:00:00Z&granularity=HOUR"
    )
    whole = world.cost("timeline?start=2025-04-01T00:00:00Z")

    assert [one["cost"] for one in part["points"]] == ["0.00", "0.00", "0.00", "7.00"]
    assert part["usageCost"] == part["points"][-1]["cumulativeCost"] == "7.00"
    assert whole["usageCost"] == "20.50"  # two minimums, and 3000 calls
    assert total(one["cost"] for one in whole["points"]) == total(["20.50"])


def test_usage_of_an_hour_ahead_is_in_it(world: Costs) -> None:
    world.use("API_CALLS", "1000", timestamp="2025-04-01T11:19:00Z")

    assert points(world, "?granularity=HOUR")[-1] == ("2025-04-01T11:00:00Z", "3.50")
    world.agrees()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("granularity=HOUR&start=2015-01-01T00:00:00Z&end=2025-06-01T00:00:00Z", "366 days"),
        ("start=2010-01-01T00:00:00Z&end=2025-06-01T00:00:00Z", "3660 days"),
        ("start=2025-04-02T00:00:00Z&end=2025-04-02T00:00:00Z", "after start"),
        ("granularity=WEEK", "HOUR, DAY"),
        ("start=yesterday", "RFC 3339"),
    ],
)
def test_what_no_timeline_can_be(world: Costs, query: str, said: str) -> None:
    refused = world.cost(f"timeline?{query}", status=400)

    assert said in refused["error"]["message"]
