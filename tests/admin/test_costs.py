"""Costs in the back office: charts, cost centers, budgets, alerts; deliveries sent again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from alerts.models import Alert
from tests.admin.test_actions import act, entries
from tests.admin.world import World
from tests.alerts.scene import Scene, sweep
from webhooks.models import WebhookDelivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    """A tenant that spent on two days, over one cost center's budget."""
    made = Scene.at("2026-03-10T12:30:00Z", budget="200.00")
    top = center(made, "eng", "1000.00")
    center(made, "ml", "50.00", parentId=top)
    made.spend(20, costCenterCode="eng")
    made.advance("2026-03-12T12:30:00Z")
    made.alert("ABSOLUTE", "90.00", notifyEmail=False)
    made.spend(60, costCenterCode="ml")
    made.spend(10)
    sweep()
    return made


def center(scene: Scene, code: str, budget: str, **fields: Any) -> str:
    body = {"tenantId": scene.tenant, "name": code.upper(), "code": code, "budget": budget}
    return str(scene.post("/cost-centers", {**body, **fields}, status=201)["id"])


def page_of(staff: Client, scene: Scene) -> str:
    path = reverse("admin:tenants_tenant_change", args=[scene.tenant])
    return staff.get(path).content.decode()


def test_the_days_of_the_period_are_a_chart_and_each_meter_a_line(
    staff: Client, scene: Scene
) -> None:
    page = page_of(staff, scene)

    days = re.findall(
        r'class="bo-bar" title="(2026-03-\d\d: [^"]+)"><span style="height: (\d+)%', page
    )
    assert [(said.split(":")[0], height) for said, height in days] == [
        ("2026-03-10", "28"),
        ("2026-03-11", "0"),
        ("2026-03-12", "100"),
    ]
    assert "20.00" in days[0][0]
    assert '<svg class="bo-spark"' in page
    assert "API_CALLS" in page


def test_the_tree_has_each_center_below_its_parent_with_what_is_spent(
    staff: Client, scene: Scene
) -> None:
    page = page_of(staff, scene)
    rows = re.findall(r'padding-left: (\d)rem">(\w+) ', page)

    assert rows == [("0", "ENG"), ("1", "ML")]
    tree = page[page.index('padding-left: 0rem">ENG') :]
    shown = [tree.index(text) for text in ("20.00", "80.00", "ML", "60.00", "Unallocated", "10.00")]
    assert shown == sorted(shown)
    assert "120%" in tree


def test_budgets_that_were_reached_and_alerts_stand_on_the_page(
    staff: Client, scene: Scene
) -> None:
    page = page_of(staff, scene)

    budgets = page[page.index("Budgets that were reached") :]
    shown = [budgets.index(text) for text in ("ML", "Overspent", "ML", "Nearly spent")]
    assert shown[1] < shown[3]
    assert "60.00" in budgets
    alerts = page[page.index(">Alerts<") :] if ">Alerts<" in page else page
    assert "Triggered" in alerts or "Fired" in alerts


def test_an_alert_is_dismissed_by_staff(staff: Client, scene: Scene) -> None:
    done = act(staff, Alert.objects.get(), "dismiss")

    assert done.status_code == 302
    assert scene.statuses() == ["DISMISSED"]
    assert entries("alert.dismissed") == ["staff:ada"]


def test_a_delivery_is_sent_again_by_staff(staff: Client, world: World) -> None:
    delivery = WebhookDelivery.objects.order_by("created_at").first()
    assert delivery is not None
    question = staff.get(
        f"{reverse('admin:webhooks_webhookdelivery_changelist')}{delivery.pk}/replay/"
    )
    before = delivery.give_up_at

    done = act(staff, delivery, "replay")

    delivery.refresh_from_db()
    assert (question.status_code, done.status_code) == (200, 302)
    assert delivery.due_at is not None
    assert delivery.give_up_at >= before
