"""Alerts fire once a period, when what they measure reaches their threshold, and are delivered."""

from __future__ import annotations

import pytest

from tests.alerts.scene import Scene, deliver, fired, sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene() -> Scene:
    return Scene.at("2026-03-10T12:30:00Z", budget="200.00", billingEmail="ap@acme.example")


class TestAbsolute:
    def test_it_fires_when_the_cost_reaches_it_and_not_before(self, scene: Scene) -> None:
        scene.alert("ABSOLUTE", "100.00")
        scene.spend(99)
        sweep()
        assert (fired(), scene.statuses()) == ([], ["ACTIVE"])

        scene.spend(1)
        sweep()

        assert fired() == [("ABSOLUTE", "100")]
        (shown,) = scene.alerts()
        assert (shown["status"], shown["currentAmount"]) == ("TRIGGERED", "100.00")
        assert shown["triggeredAt"] == "2026-03-10T12:30:00Z"

    def test_it_fires_once_a_period_and_again_in_the_next(self, scene: Scene) -> None:
        scene.alert("ABSOLUTE", "100.00")
        scene.spend(150)
        sweep()
        scene.spend(50)
        sweep()
        assert fired() == [("ABSOLUTE", "150")]

        scene.advance("2026-04-10T13:00:00Z")
        assert scene.statuses() == ["ACTIVE"]
        deliver()  # the renewal is told of, so the tenant is looked at anew
        sweep()
        scene.spend(120)
        sweep()

        assert fired() == [("ABSOLUTE", "150"), ("ABSOLUTE", "120")]

    def test_what_is_reached_already_fires_at_once(self, scene: Scene) -> None:
        scene.spend(150)
        sweep()

        scene.alert("ABSOLUTE", "100.00")
        sweep()

        assert fired() == [("ABSOLUTE", "150")]

    def test_a_plans_fee_counts(self) -> None:
        scene = Scene()
        scene.begin("2026-03-10T12:30:00Z")
        scene.subscribe(scene.plan(price="30.00"))

        scene.alert("ABSOLUTE", "30.00")
        sweep()

        assert fired() == [("ABSOLUTE", "30")]

    def test_a_change_of_plan_is_looked_at(self, scene: Scene) -> None:
        subscription = scene.subscription()
        scene.alert("ABSOLUTE", "10.00")
        sweep()

        change = {"newPlanId": scene.plan(price="60.00"), "when": "NOW"}
        scene.post(f"/subscriptions/{subscription['id']}/change-plan", change)
        deliver()
        sweep()

        assert [kind for kind, _ in fired()] == ["ABSOLUTE"]


class TestOthers:
    def test_a_percentage_of_the_budget(self, scene: Scene) -> None:
        scene.alert("PERCENTAGE_OF_BUDGET", "80")
        scene.spend(159)
        sweep()
        assert fired() == []

        scene.spend(1)
        sweep()

        assert fired() == [("PERCENTAGE_OF_BUDGET", "80")]

    def test_without_a_budget_it_is_refused_and_later_measures_nothing(self, scene: Scene) -> None:
        scene.alert("PERCENTAGE_OF_BUDGET", "80")
        scene.call("patch", f"/tenants/{scene.tenant}", {"budget": None})
        scene.spend(500)
        sweep()

        refused = scene.post(
            scene.path,
            {"thresholdType": "PERCENTAGE_OF_BUDGET", "thresholdAmount": "80"},
            status=409,
        )

        assert refused["error"]["code"] == "NO_BUDGET"
        assert fired() == []
        assert scene.alerts()[0]["currentAmount"] is None

    def test_a_daily_rate_forgets_what_is_older_than_a_day(self, scene: Scene) -> None:
        scene.alert("DAILY_RATE", "100.00")
        scene.spend(90)
        scene.advance("2026-03-11T12:30:00Z")  # the hour of the 90 has left the window
        scene.spend(90)
        sweep()
        assert (fired(), scene.alerts()[0]["currentAmount"]) == ([], "90.00")

        scene.spend(10)
        sweep()

        assert fired() == [("DAILY_RATE", "100")]

    def test_a_daily_rate_sees_over_a_periods_end(self, scene: Scene) -> None:
        scene.alert("DAILY_RATE", "100.00")
        scene.advance("2026-04-10T12:00:00Z")
        scene.spend(60)
        scene.advance("2026-04-10T14:00:00Z")
        scene.spend(50)

        deliver()
        sweep()

        assert fired() == [("DAILY_RATE", "110")]

    def test_an_anomaly_needs_days_to_compare_with(self, scene: Scene) -> None:
        scene.alert("ANOMALY", "50.00")
        scene.spend(1000)
        sweep()
        assert (fired(), scene.alerts()[0]["currentAmount"]) == ([], None)

        for day in range(11, 15):
            scene.advance(f"2026-03-{day}T12:30:00Z")
            scene.spend(1000)
            sweep()
        assert fired() == []
        scene.spend(50)
        sweep()

        assert fired() == [("ANOMALY", "50")]
