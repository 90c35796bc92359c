"""Budgets of cost centers: told at 80 percent and when exceeded, once a period, by what changed."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.core import mail

from alerts import budgets, watching
from alerts.erasing import erase_alerts
from alerts.looking import look_at
from alerts.models import AlertWatch, BudgetFiring, BudgetMark
from billing.kernel import clock
from billing.models import Account, OutboxEvent
from invoicing.mailing import sending as mails
from invoicing.records import Mail
from tests.alerts.scene import Scene, deliver, sweep
from tests.services.threads import at_once
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene() -> Scene:
    return Scene.at("2026-03-10T12:30:00Z", billingEmail="ap@acme.example")


def center(scene: Scene, code: str, budget: str | None, **fields: Any) -> str:
    body = {"tenantId": scene.tenant, "name": code.title(), "code": code, "budget": budget}
    return str(scene.post("/cost-centers", {**body, **fields}, status=201)["id"])


def told() -> list[tuple[str, str, int]]:
    rows = BudgetFiring.objects.select_related("cost_center").order_by("id")
    return [(row.cost_center.code, row.mark, row.spent_minor) for row in rows]


class TestMarks:
    @pytest.mark.parametrize(
        ("spent", "marks"),
        [
            (0, []),
            (79, []),
            (80, ["WARNING"]),
            (100, ["WARNING"]),
            (101, ["WARNING", "EXCEEDED"]),
        ],
    )
    def test_at_80_percent_it_is_nearly_spent_and_above_100_overspent(
        self, scene: Scene, spent: int, marks: list[str]
    ) -> None:
        center(scene, "ml", "100.00")

        scene.spend(spent, costCenterCode="ml") if spent else None
        sweep()

        assert told() == [("ml", mark, spent * 100) for mark in marks]

    def test_of_a_budget_of_nothing_any_spend_is_too_much(self, scene: Scene) -> None:
        center(scene, "ml", "0.00")
        sweep()
        assert told() == []

        scene.spend(1, costCenterCode="ml")
        sweep()

        assert told() == [("ml", "WARNING", 100), ("ml", "EXCEEDED", 100)]

    def test_each_is_told_once_a_period_and_again_in_the_next(self, scene: Scene) -> None:
        center(scene, "ml", "100.00")
        for _ in range(3):
            scene.spend(45, costCenterCode="ml")
            sweep()
        assert told() == [("ml", "WARNING", 9000), ("ml", "EXCEEDED", 13500)]

        scene.advance("2026-04-10T13:00:00Z")
        deliver()
        sweep()
        scene.spend(90, costCenterCode="ml")
        sweep()

        assert told()[2:] == [("ml", "WARNING", 9000)]

    def test_what_those_below_spend_counts_for_those_above(self, scene: Scene) -> None:
        top = center(scene, "eng", "100.00")
        center(scene, "ml", "1000.00", parentId=top)

        scene.spend(85, costCenterCode="ml")
        sweep()

        assert told() == [("eng", "WARNING", 8500)]

    def test_one_that_is_not_active_tells_nothing(self, scene: Scene) -> None:
        made = center(scene, "ml", "10.00")
        scene.call("put", f"/cost-centers/{made}", {"isActive": False})

        scene.spend(50, costCenterCode="ml")
        sweep()

        assert told() == []


class TestFinding:
    def test_a_budget_that_is_set_below_what_is_spent_is_told_at_once(self, scene: Scene) -> None:
        made = center(scene, "ml", None)
        scene.spend(50, costCenterCode="ml")
        sweep()
        assert (told(), AlertWatch.objects.count()) == ([], 0)

        scene.call("put", f"/cost-centers/{made}", {"budget": "60.00"})
        sweep()

        assert told() == [("ml", "WARNING", 5000)]

    def test_a_move_and_a_rule_are_looked_at(self, scene: Scene) -> None:
        top, below = center(scene, "eng", "10.00"), center(scene, "ml", None)
        other = center(scene, "sales", "10.00")
        scene.spend(9, costCenterCode="ml")
        scene.spend(9)
        sweep()
        assert told() == []

        scene.call("put", f"/cost-centers/{below}", {"parentId": top})
        sweep()
        assert told() == [("eng", "WARNING", 900)]
        share = {"costCenterId": other, "percent": "100"}
        rule = {"tenantId": scene.tenant, "name": "All else", "shares": [share]}
        scene.post("/allocation-rules", {**rule, "method": "PERCENTAGE"}, status=201)
        sweep()

        assert told()[1:] == [("sales", "WARNING", 900)]

    def test_who_is_overspent_is_looked_at_no_more(self, scene: Scene) -> None:
        center(scene, "ml", "10.00")
        scene.spend(20, costCenterCode="ml")
        sweep()

        scene.spend(20, costCenterCode="ml")

        assert watching.changed(now=clock.now()) == []

    def test_the_last_budget_takes_the_watch_with_it_unless_an_alert_is_left(
        self, scene: Scene
    ) -> None:
        made = center(scene, "ml", "10.00")
        alert = scene.alert("ABSOLUTE", "100.00")
        scene.call("put", f"/cost-centers/{made}", {"budget": None})
        assert AlertWatch.objects.count() == 1

        scene.call("delete", f"/realtime-cost/alerts/{alert['id']}")

        assert AlertWatch.objects.count() == 0

    def test_workers_that_see_it_at_once_tell_it_once(self, scene: Scene) -> None:
        center(scene, "ml", "10.00")
        scene.spend(20, costCenterCode="ml")
        account = Account.objects.get(pk=scene.tenant)

        at_once([lambda: look_at(account.pk, began=clock.now())] * 4)

        assert told() == [("ml", "WARNING", 2000), ("ml", "EXCEEDED", 2000)]
        assert OutboxEvent.objects.filter(kind__startswith="cost_center.").count() == 2
        assert Mail.objects.filter(template="budget").count() == 2

    def test_of_many_a_bounded_part_is_told_at_a_time(self, scene: Scene) -> None:
        top = center(scene, "eng", "10.00")
        for number in range(3):
            top = center(scene, f"ml-{number}", "10.00", parentId=top)
        scene.spend(20, costCenterCode="ml-2")

        with patch.object(budgets, "AT_ONCE", 3):
            look_at(Account.objects.get(pk=scene.tenant).pk, began=clock.now())
            assert len(told()) == 3
            sweep()

        assert sorted(told()) == sorted(
            (code, mark, 2000)
            for code in ("eng", "ml-0", "ml-1", "ml-2")
            for mark in BudgetMark.values
        )

    def test_a_tenant_without_budgets_is_asked_nothing_of_cost_centers(self, scene: Scene) -> None:
        center(scene, "ml", None)
        scene.alert("ABSOLUTE", "100.00")
        scene.spend(1, costCenterCode="ml")

        with patch.object(budgets, "spends_of", side_effect=AssertionError):
            sweep()

        assert AlertWatch.objects.get().leased_until is None


class TestTelling:
    def test_webhooks_that_ask_are_told_how_it_stands(
        self, scene: Scene, receiver: Receiver
    ) -> None:
        hook = {"url": receiver.url, "eventTypes": ["cost_center.*"]}
        scene.post(f"/tenants/{scene.tenant}/webhooks", hook, status=201)
        made = center(scene, "ml", "100.00")

        scene.spend(85, costCenterCode="ml")
        sweep()
        deliver()

        assert receiver.kinds == ["cost_center.budget_warning"]
        assert receiver.received[0].json["data"] == {
            "id": made,
            "tenantId": scene.tenant,
            "code": "ml",
            "name": "Ml",
            "budget": "100.00",
            "subtreeSpend": "85.00",
            "subtreeUtilizationPercent": "85.00",
            "warningThresholdPercent": 80,
            "currency": "USD",
            "periodStart": "2026-03-10T12:30:00Z",
            "periodEnd": "2026-04-10T12:30:00Z",
        }

    def test_the_billing_address_gets_a_mail(self, scene: Scene, settings: Any) -> None:
        settings.BILLING = {**settings.BILLING, "BILLING_MAIL_TEST_CLOCKS": True}
        center(scene, "ml", "100.00", name="<b>Machines</b>")

        scene.spend(101, costCenterCode="ml")
        sweep()
        mails.send_due(now=clock.now())

        sent: list[Any] = list(mail.outbox)
        nearly, over = sent
        assert (nearly.to, nearly.subject) == (
            ["ap@acme.example"],
            "<b>Machines</b> (ml) has spent 80% of its budget",
        )
        assert over.subject == "<b>Machines</b> (ml) is over its budget"
        spent, budget = "101.00\N{NO-BREAK SPACE}USD", "100.00\N{NO-BREAK SPACE}USD"
        assert f"has spent {spent}, more than its budget of {budget}." in over.body
        html = over.alternatives[0][0]
        assert ("<b>Machines" in html, "&lt;b&gt;Machines" in html) == (False, True)

    def test_it_goes_with_a_deleted_customer(self, scene: Scene) -> None:
        center(scene, "ml", "1.00")
        scene.spend(20, costCenterCode="ml")
        sweep()

        account: Any = Account.objects.get(pk=scene.tenant)
        assert erase_alerts(account, now=clock.now()) is False

        assert (told(), AlertWatch.objects.count()) == ([], 0)
