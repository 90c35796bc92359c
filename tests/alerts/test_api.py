"""Alerts over HTTP: bad input, limits, whose they are."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.models import Alert
from tests import factories
from tests.alerts.scene import Scene
from tests.client import Api, json_of

pytestmark = pytest.mark.django_db

URL = "https://hooks.example/"
GOOD = {"thresholdType": "ABSOLUTE", "thresholdAmount": "100.00"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"thresholdAmount": "0"}, "thresholdAmount"),
        ({"thresholdAmount": "0.00"}, "thresholdAmount"),
        ({"thresholdAmount": 0}, "thresholdAmount"),
        ({"thresholdAmount": "-1"}, "thresholdAmount"),
        ({"thresholdAmount": -5}, "thresholdAmount"),
        ({"thresholdAmount": "1000000000000.01"}, "thresholdAmount"),
        ({"thresholdAmount": "9" * 15}, "thresholdAmount"),
        ({"thresholdAmount": "9" * 400}, "thresholdAmount"),
        ({"thresholdAmount": "1.001"}, "thresholdAmount"),
        ({"thresholdAmount": "NaN"}, "thresholdAmount"),
        ({"thresholdAmount": None}, "thresholdAmount"),
        ({"thresholdAmount": [1]}, "thresholdAmount"),
        ({"thresholdType": "WEEKLY"}, "thresholdType"),
        ({"thresholdType": "absolute"}, "thresholdType"),
        ({"thresholdType": None}, "thresholdType"),
        ({"thresholdType": "PERCENTAGE_OF_BUDGET", "thresholdAmount": "10001"}, "thresholdAmount"),
        ({"thresholdType": "PERCENTAGE_OF_BUDGET", "thresholdAmount": "0.001"}, "thresholdAmount"),
        ({"notifyEmail": "nobody"}, "notifyEmail"),
        ({"notifyEmail": "a@b.example\r\nBcc: c@d.example"}, "notifyEmail"),
        ({"notifyEmail": 1}, "notifyEmail"),
        ({"notifyEmail": ""}, "notifyEmail"),
        ({"notifySlack": "http://127.0.0.1/"}, "notifySlack"),
        ({"notifySlack": 1}, "notifySlack"),
        ({"webhookUrl": "http://169.254.169.254/"}, "webhookUrl"),
        ({"webhookUrl": "http://[::ffff:10.0.0.1]/"}, "webhookUrl"),
        ({"webhookUrl": "http://2130706433/"}, "webhookUrl"),
        ({"webhookUrl": "file:///etc/passwd"}, "webhookUrl"),
        ({"webhookUrl": "https://u:p@hooks.example/"}, "webhookUrl"),
        ({"webhookUrl": URL + "x" * 3000}, "webhookUrl"),
        ({"webhookUrl": True}, "webhookUrl"),
        ({"name": "x"}, "name"),
    ],
)
def test_bad_input_is_refused_with_its_field(
    admin: Api, tenant: dict[str, Any], settings: Any, body: Any, field: str
) -> None:
    settings.BILLING = {**settings.BILLING, "BILLING_WEBHOOK_NETWORKS": ()}

    answer = admin.post(f"/realtime-cost/tenants/{tenant['id']}/alerts", {**GOOD, **body})

    refused = json_of(answer, 400)
    assert refused["error"]["code"] == "INVALID_REQUEST"
    assert refused["error"]["details"][0]["field"] == field
    assert not Alert.objects.exists()


def test_an_alert_is_shown_as_it_was_asked_for(admin: Api, tenant: dict[str, Any]) -> None:
    body = {
        "thresholdType": "DAILY_RATE",
        "thresholdAmount": 50,
        "notifyEmail": "ops@acme.example",
        "notifySlack": URL + "slack",
        "webhookUrl": URL,
    }

    made = json_of(admin.post(f"/realtime-cost/tenants/{tenant['id']}/alerts", body), 201)

    assert made.pop("webhookSecret").startswith("whsec_")
    assert {name: made[name] for name in body} == {**body, "thresholdAmount": "50.00"}
    assert (made["status"], made["currentAmount"], made["triggeredAt"]) == ("ACTIVE", None, None)
    assert made["tenantId"] == tenant["id"]
    listed = json_of(admin.get(f"/realtime-cost/tenants/{tenant['id']}/alerts"), 200)
    assert listed["data"] == [made]
    assert json_of(admin.get(f"/realtime-cost/alerts/{made['id']}"), 200) == made
    hooks = json_of(admin.get(f"/tenants/{tenant['id']}/webhooks"), 200)
    assert hooks["data"] == []
    assert json_of(admin.get(f"/webhooks/{made['webhookId']}"), 200)["url"] == URL


def test_with_nothing_said_the_tenant_gets_a_mail(admin: Api, tenant: dict[str, Any]) -> None:
    made = json_of(admin.post(f"/realtime-cost/tenants/{tenant['id']}/alerts", GOOD), 201)

    assert (made["notifyEmail"], made["notifySlack"], made["webhookUrl"]) == (True, False, None)
    assert made["webhookSecret"] is None


def test_there_are_fifty_at_most(admin: Api, tenant: dict[str, Any]) -> None:
    path = f"/realtime-cost/tenants/{tenant['id']}/alerts"
    for _ in range(50):
        json_of(admin.post(path, GOOD), 201)

    refused = json_of(admin.post(path, GOOD), 409)

    assert refused["error"]["code"] == "ALERT_LIMIT_REACHED"


def test_another_tenants_alert_is_not_there(admin: Api, tenant: dict[str, Any]) -> None:
    made = json_of(admin.post(f"/realtime-cost/tenants/{tenant['id']}/alerts", GOOD), 201)
    customer = factories.customer()
    owner = Api.of(sub=customer.memberships.get(role=0).user_id)

    for answer in (
        owner.get(f"/realtime-cost/alerts/{made['id']}"),
        owner.post(f"/realtime-cost/alerts/{made['id']}/dismiss"),
        owner.delete(f"/realtime-cost/alerts/{made['id']}"),
    ):
        assert json_of(answer, 404)["error"]["code"] == "NOT_FOUND"
    foreign = owner.get(f"/realtime-cost/tenants/{tenant['id']}/alerts")
    assert json_of(foreign, 403)["error"]["code"] == "TENANT_MISMATCH"
    assert json_of(admin.get(f"/realtime-cost/alerts/{tenant['id']}"), 404)


def test_dismissed_without_a_subscription_it_stays_quiet_in_the_first_period() -> None:
    scene = Scene()
    scene.begin("2026-03-10T12:30:00Z")
    made = scene.alert("ABSOLUTE", "10.00")

    dismissed = scene.post(f"/realtime-cost/alerts/{made['id']}/dismiss", status=200)

    assert dismissed["status"] == "DISMISSED"
    assert scene.statuses() == ["DISMISSED"]
