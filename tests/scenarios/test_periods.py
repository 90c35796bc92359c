"""The rows of "Periods" in the worked examples, lived through the public API."""

from __future__ import annotations

import pytest

from tests.scenarios.world import World

ROWS = [
    pytest.param(
        "MONTH",
        "Europe/Berlin",
        [
            "2025-01-31T09:00:00Z",
            "2025-02-28T09:00:00Z",
            "2025-03-31T08:00:00Z",
            "2025-04-30T08:00:00Z",
        ],
        id="31 January in Berlin",
    ),
    pytest.param(
        "MONTH",
        "Europe/Berlin",
        [
            "2025-01-30T01:30:00Z",
            "2025-02-28T01:30:00Z",
            "2025-03-30T01:30:00Z",
            "2025-04-30T00:30:00Z",
        ],
        id="a local time that the zone skips",
    ),
    pytest.param(
        "YEAR",
        "UTC",
        [
            "2024-02-29T00:00:00Z",
            "2025-02-28T00:00:00Z",
            "2026-02-28T00:00:00Z",
            "2027-02-28T00:00:00Z",
            "2028-02-29T00:00:00Z",
        ],
        id="29 February yearly",
    ),
    pytest.param(
        "DAY",
        "America/New_York",
        ["2025-03-08T05:00:00Z", "2025-03-09T05:00:00Z", "2025-03-10T04:00:00Z"],
        id="a day of 23 hours",
    ),
    pytest.param(
        "WEEK",
        "Europe/Berlin",
        ["2025-10-20T10:00:00Z", "2025-10-27T11:00:00Z", "2025-11-03T11:00:00Z"],
        id="a week in which the clocks go back",
    ),
    pytest.param(
        "QUARTER",
        "Asia/Kolkata",
        ["2025-11-29T18:30:00Z", "2026-02-27T18:30:00Z", "2026-05-29T18:30:00Z"],
        id="quarters from the 30th in Kolkata",
    ),
]


@pytest.mark.parametrize(("interval", "zone", "boundaries"), ROWS)
def test_periods_follow_one_another_on_the_local_clock(
    world: World, interval: str, zone: str, boundaries: list[str]
) -> None:
    world.begin(boundaries[0], timezone=zone)
    world.subscribe(world.plan(interval=interval))

    seen = [world.subscription()["currentPeriodStart"]]
    for boundary in boundaries[1:]:
        assert world.subscription()["currentPeriodEnd"] == boundary
        world.advance(boundary)
        seen.append(world.subscription()["currentPeriodStart"])

    assert seen == boundaries


def test_a_subscription_may_have_a_zone_of_its_own(world: World) -> None:
    world.begin("2025-01-31T09:00:00Z", timezone="UTC")

    made = world.subscribe(world.plan(), timezone="Europe/Berlin")

    assert made["timezone"] == "Europe/Berlin"
    world.advance("2025-03-01T00:00:00Z")
    assert world.subscription()["currentPeriodEnd"] == "2025-03-31T08:00:00Z"
