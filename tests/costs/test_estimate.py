"""The estimate: quantities to the period's end, then the bill; its error on real and made days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing.kernel.decimals import format_decimal
from costs.projecting import (
    Ahead,
    Method,
    Projection,
    project_latest,
    project_level,
    project_sum,
)
from tests.costs.conftest import Costs, money

MONDAY = datetime(2025, 4, 7, tzinfo=UTC)
CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.01"}


def ahead(days: int, *, elapsed: int = 7, start: int = 0) -> Ahead:
    """So many whole days from a weekday on."""
    by_weekday: dict[int, Decimal] = {}
    for day in range(start, start + days):
        by_weekday[day % 7] = by_weekday.get(day % 7, Decimal(0)) + 1
    return Ahead(by_weekday=by_weekday, elapsed=Decimal(elapsed), now=MONDAY, today=MONDAY.date())


def ends(found: Projection) -> list[str]:
    numbers = (found.low, found.projected, found.high)
    return [*(format_decimal(number) for number in numbers), str(found.method)]


def test_weekends_are_known_from_two_weeks_on() -> None:
    week = [100, 100, 100, 100, 100, 20, 10]
    history = [(day % 7, Decimal(week[day % 7])) for day in range(28)]

    found = project_sum(Decimal(0), history, ahead(3, start=4))  # Friday to Sunday

    assert ends(found) == ["130", "130", "130", Method.WEEKDAY_AVERAGE]  # all alike: no doubt


def test_few_days_are_averaged() -> None:
    history = [(0, Decimal(10)), (1, Decimal(30))]

    found = project_sum(Decimal(40), history, ahead(5))

    assert ends(found)[1:4:2] == ["140", Method.DAILY_AVERAGE]
    assert 40 <= found.low < 140 < found.high


def test_without_a_day_the_rate_goes_on() -> None:
    found = project_sum(Decimal(70), [], ahead(7, elapsed=7))

    assert ends(found) == ["70", "140", "210", Method.RUN_RATE]


def test_what_cannot_fall_grows_as_it_slowed_down_or_to_what_it_was() -> None:
    slowing = {"current": Decimal(60), "at_half": Decimal(40)}
    new = project_level(**slowing, before=None, ahead=ahead(14, elapsed=14))
    known = project_level(**slowing, before=Decimal(75), ahead=ahead(14, elapsed=14))

    assert ends(new)[1:4:2] == ["75", Method.TREND]  # 20 × (1/2 + 1/4)
    assert ends(known)[1:4:2] == ["75", Method.PREVIOUS_PERIOD]
    assert project_latest(current=Decimal(5), at_half=Decimal(8)).low == 2


@pytest.mark.django_db
def test_an_invoice_is_projected_with_its_tiers(world: Costs) -> None:
    world.advance("2025-04-16T10:20:00Z")
    world.use("COMPUTE_SECONDS", "800")

    found = world.get(f"/tenants/{world.tenant}/billing/estimate")

    compute = next(one for one in found["byMetric"] if one["metricType"] == "COMPUTE_SECONDS")
    assert compute == {
        "metricType": "COMPUTE_SECONDS",
        "currentQuantity": "800",
        "projectedQuantity": "1600",
        "projectedAmount": "32.00",  # 1,000 at 0.02, 600 at 0.015, the tier's 3.00
        "method": "RUN_RATE",
    }
    assert (found["daysElapsed"], found["daysInPeriod"]) == (15, 30)
    assert found["currentTotal"] == world.preview()["total"] == "51.00"
    assert (found["low"], found["projectedTotal"], found["high"]) == ("51.00", "67.00", "79.00")
    assert found["method"] == "RUN_RATE"


@pytest.mark.django_db
def test_at_the_end_it_is_the_preview(world: Costs) -> None:
    world.use("API_CALLS", "1000")
    world.use("ACTIVE_USERS", userId="u1")
    world.advance("2025-05-01T10:19:59Z")

    found = world.get(f"/tenants/{world.tenant}/billing/estimate")

    total = world.preview()["total"]
    assert [found[name] for name in ("currentTotal", "low", "projectedTotal")] == [total] * 3
    assert money(found["high"]) - money(total) < 1


@pytest.mark.django_db
def test_discounts_and_credits_are_those_of_the_bill(world: Costs) -> None:
    subscription = world.subscription()["id"]
    world.post(f"/subscriptions/{subscription}/discount", {"discountPercent": "50"})
    world.advance("2025-04-16T10:20:00Z")
    world.use("API_CALLS", "10000")

    found = world.get(f"/tenants/{world.tenant}/billing/estimate")

    assert (found["currentTotal"], found["projectedTotal"]) == ("35.00", "52.50")


@pytest.mark.django_db
def test_without_a_subscription_there_is_nothing_to_estimate(bare: Costs) -> None:
    refused = bare.get(f"/tenants/{bare.tenant}/billing/estimate", status=404)

    assert refused["error"]["code"] == "NO_ACTIVE_SUBSCRIPTION"


@pytest.mark.django_db
def test_history_reaches_over_periods_and_plans(bare: Costs) -> None:
    bare.call("patch", f"/tenants/{bare.tenant}", {"timezone": "Europe/Berlin"})
    bare.subscribe(bare.plan(charges=[CALLS]))
    day = datetime(2025, 4, 2, 9, tzinfo=UTC)
    bare.advance("2025-05-01T10:20:00Z")
    events = []
    while day < datetime(2025, 5, 1, tzinfo=UTC):
        if day.weekday() < 5:
            quantity = {"metricType": "API_CALLS", "quantity": "100"}
            events.append({**quantity, "timestamp": day.isoformat()})
        day += timedelta(days=1)
    bare.post(f"/tenants/{bare.tenant}/usage/batch", events)
    bare.advance("2025-05-01T22:00:00Z")  # midnight in Berlin, at the end of a day without usage

    found = bare.get(f"/tenants/{bare.tenant}/billing/estimate")

    assert found["method"] == "WEEKDAY_AVERAGE"
    (calls,) = found["byMetric"]
    # 21 weekdays in the rest of May, and a Thursday without usage among the five that are known
    assert 1800 < Decimal(calls["projectedQuantity"]) < 2100
    assert money(found["low"]) < money(found["projectedTotal"]) < money(found["high"])
