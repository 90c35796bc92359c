"""Months and years as calendars and zones have them: each amount is reckoned by hand beside it."""

from __future__ import annotations

from typing import Any

from tests.scenarios.world import World, amounts

CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1.00"}


def end_now(world: World) -> Any:
    """Cancel immediately, let the grace pass, and return the last invoice."""
    live = world.subscription()
    ended = world.post(f"/subscriptions/{live['id']}/cancel", {"immediately": True})
    day, hour = ended["endedAt"][:11], int(ended["endedAt"][11:13])
    world.advance(f"{day}{hour + 1:02d}{ended['endedAt'][13:]}")
    return world.invoices()[-1]


def test_a_leap_day_is_a_day_of_the_month_and_of_its_fee(world: World) -> None:
    world.begin("2024-02-01T00:00:00Z")
    world.subscribe(world.plan(price="29.00"))

    world.advance("2024-02-29T12:00:00Z")

    # February 2024 has 29 days, of which 28 and a half are over: 29.00 × 28.5 / 29.
    assert amounts(end_now(world)) == [("PLAN", "28.50")]


def test_a_year_from_a_leap_day_ends_on_the_28th_and_comes_back_to_the_29th(world: World) -> None:
    world.begin("2024-02-29T00:00:00Z")
    world.subscribe(world.plan(interval="YEAR", price="365.00"))

    world.advance("2025-02-28T01:00:00Z")
    world.advance("2026-02-28T01:00:00Z")
    world.advance("2027-02-28T01:00:00Z")
    world.advance("2028-02-29T01:00:00Z")

    seen = [(one["periodStart"][:10], one["periodEnd"][:10]) for one in world.invoices()]
    assert seen == [
        ("2024-02-29", "2025-02-28"),
        ("2025-02-28", "2026-02-28"),
        ("2026-02-28", "2027-02-28"),
        ("2027-02-28", "2028-02-29"),
    ]
    assert [one["total"] for one in world.invoices()] == ["365.00"] * 4


def test_from_the_31st_of_january_february_is_a_whole_period_of_28_days(world: World) -> None:
    world.begin("2025-01-31T00:00:00Z")
    world.subscribe(world.plan(price="31.00", payInAdvance=True))
    assert [one["total"] for one in world.invoices()] == ["31.00"]

    world.advance("2025-02-14T00:00:00Z")
    last = end_now(world)

    # 31 January to 28 February are 28 days; half of them are unused: 31.00 × 14 / 28.
    assert amounts(last) == [("PRORATION", "-15.50")]
    assert (last["total"], last["creditGranted"]) == ("0.00", "15.50")


def test_march_in_berlin_is_an_hour_shorter(world: World) -> None:
    world.begin("2025-02-28T23:00:00Z", timezone="Europe/Berlin")
    world.subscribe(world.plan(price="743.00"))
    assert world.subscription()["currentPeriodEnd"] == "2025-03-31T22:00:00Z"

    world.advance("2025-03-30T12:00:00Z")

    # 31 days less an hour are 743 hours; 29 days and 13 hours of them, 709, are over.
    assert amounts(end_now(world)) == [("PLAN", "709.00")]


def test_november_in_los_angeles_is_an_hour_longer(world: World) -> None:
    world.begin("2025-11-01T07:00:00Z", timezone="America/Los_Angeles")
    made = world.subscribe(world.plan(price="721.00"))
    assert world.subscription()["currentPeriodEnd"] == "2025-12-01T08:00:00Z"

    # The whole of Sunday the 2nd, by the local clock: from 07:00 to 08:00 in UTC, 25 hours.
    world.advance("2025-11-02T07:00:00Z")
    world.post(f"/subscriptions/{made['id']}/pause")
    world.advance("2025-11-03T08:00:00Z")
    world.post(f"/subscriptions/{made['id']}/resume")
    world.advance("2025-12-01T09:00:00Z")

    # 30 days and an hour are 721 hours, less 25.
    (november,) = world.invoices()
    assert amounts(november) == [("PLAN", "696.00")]


def test_a_month_in_kolkata_begins_at_half_past_six_in_the_evening_of_utc(world: World) -> None:
    world.begin("2025-04-30T18:30:00Z", timezone="Asia/Kolkata")
    world.subscribe(world.plan(charges=[CALLS]))

    world.advance("2025-05-31T19:00:00Z")
    world.use("API_CALLS", "3", timestamp="2025-05-31T18:29:59Z")
    world.use("API_CALLS", "5", timestamp="2025-05-31T18:30:00Z")
    world.advance("2025-06-30T20:00:00Z")

    may, june = world.invoices()
    assert (may["periodStart"], may["periodEnd"]) == (
        "2025-04-30T18:30:00Z",
        "2025-05-31T18:30:00Z",
    )
    assert amounts(may) == [("PLAN", "30.00"), ("USAGE", "3.00")]
    assert amounts(june) == [("PLAN", "30.00"), ("USAGE", "5.00")]


def test_a_customer_in_los_angeles_has_its_march_until_its_own_midnight(world: World) -> None:
    world.begin("2025-03-01T08:00:00Z", timezone="America/Los_Angeles")
    world.subscribe(world.plan(charges=[CALLS]))

    # April begins at 07:00 in UTC, since the clocks went forward on 9 March.
    world.advance("2025-04-01T07:30:00Z")
    world.use("API_CALLS", "2", timestamp="2025-04-01T06:59:59Z")
    world.use("API_CALLS", "9", timestamp="2025-04-01T00:00:00-07:00")
    world.advance("2025-05-01T08:00:00Z")

    march, april = world.invoices()
    assert amounts(march) == [("PLAN", "30.00"), ("USAGE", "2.00")]
    assert amounts(april) == [("PLAN", "30.00"), ("USAGE", "9.00")]


def test_yen_have_no_decimals_in_a_change_of_plan_either(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z", currency="JPY")
    made = world.subscribe(world.plan(currency="JPY", price="3000", payInAdvance=True))
    bigger = world.plan(currency="JPY", price="9000", payInAdvance=True)
    world.advance("2025-04-11T07:13:21Z")

    world.post(
        f"/subscriptions/{made['id']}/change-plan", {"newPlanId": bigger, "when": "NOW"}, status=200
    )
    world.advance("2025-05-01T01:00:00Z")

    # 1,701,999 of 2,592,000 s are left: 3000 × 0.656635… = 1969.9…, 9000 × 0.656635… = 5909.7…
    first, april = world.invoices()
    assert amounts(first) == [("PLAN", "3000")]
    assert amounts(april) == [("PLAN", "9000"), ("PRORATION", "-1970"), ("PRORATION", "5910")]
    assert april["total"] == "12940"


def test_dinars_have_three_decimals_in_discounts_too(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z", currency="KWD")
    tiny = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.0005"}
    made = world.subscribe(world.plan(currency="KWD", price="30.000", charges=[tiny]))
    world.post(f"/subscriptions/{made['id']}/discount", {"discountPercent": "10"})
    world.use("API_CALLS", "1")

    world.advance("2025-05-01T01:00:00Z")

    # 30.000 + 0.001 (half away from zero); a tenth is 3.0001, so 3.000.
    (april,) = world.invoices()
    assert (april["subtotal"], april["discountTotal"], april["total"]) == (
        "30.001",
        "3.000",
        "27.001",
    )


def test_a_year_paid_in_advance_has_its_months_of_usage_on_the_next_years_invoice(
    world: World,
) -> None:
    world.begin("2025-01-01T00:00:00Z")
    charge = {**CALLS, "unitPrice": "0.10", "includedQuantity": "200"}
    world.subscribe(
        world.plan(interval="YEAR", price="1200.00", payInAdvance=True, charges=[charge])
    )
    for month in range(1, 13):
        world.advance(f"2025-{month:02d}-15T00:00:00Z")
        world.use("API_CALLS", "100")
        # The first 200 of the year are included; then 0.10 each.
        used = max(0, month * 100 - 200) // 10
        assert ("USAGE", f"{used}.00") in amounts(world.preview())

    world.advance("2026-01-01T01:00:00Z")

    first, year = world.invoices()
    assert amounts(first) == [("PLAN", "1200.00")]
    assert amounts(year) == [("PLAN", "1200.00"), ("USAGE", "100.00")]
    assert year["lines"][0]["periodStart"] == "2026-01-01T00:00:00Z"
    assert year["lines"][1]["periodStart"] == "2025-01-01T00:00:00Z"
