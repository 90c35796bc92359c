"""Webhooks over HTTP: made, changed, rotated, tried, replayed; bad input; whose they are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests import factories
from tests.client import Api, json_of
from tests.webhooks.receiver import Receiver
from tests.webhooks.scene import LATER, happen
from webhooks import sending
from webhooks.models import WebhookEndpoint

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://hooks.example/billing"


@pytest.fixture
def made(admin: Api, tenant: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json_of(
        admin.post(f"/tenants/{tenant['id']}/webhooks", {"url": URL}), 201
    )
    return body


def test_a_webhook_is_made_with_a_secret_that_is_shown_once(
    admin: Api, tenant: dict[str, Any]
) -> None:
    path = f"/tenants/{tenant['id']}/webhooks"
    body = {"url": URL, "eventTypes": ["invoice.*", "invoice.*"], "description": "Books"}

    created = json_of(admin.post(path, body), 201)

    assert created.pop("secret").startswith("whsec_")
    assert created["eventTypes"] == ["invoice.*"]
    assert (created["tenantId"], created["url"], created["isEnabled"]) == (tenant["id"], URL, True)
    assert json_of(admin.get(f"/webhooks/{created['id']}"), 200) == created
    assert json_of(admin.get(path), 200)["data"] == [created]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": 7}, "url"),
        ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": "http://2130706433/"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://u:p@hooks.example/"}, "url"),
        ({"url": "https://hooks.example/" + "x" * 3000}, "url"),
        ({"url": "https://hooks.example/" + "x" * 30_000}, "url"),
        ({"url": URL, "eventTypes": "invoice.paid"}, "eventTypes"),
        ({"url": URL, "eventTypes": ["invoice.eaten"]}, "eventTypes[0]"),
        ({"url": URL, "eventTypes": ["*"]}, "eventTypes[0]"),
        ({"url": URL, "eventTypes": ["invoice.paid"] * 51}, "eventTypes"),
        ({"url": URL, "secret": "x"}, "secret"),
    ],
)
def test_bad_input_is_refused_with_its_field(
    admin: Api, tenant: dict[str, Any], body: Any, field: str
) -> None:
    refused = json_of(admin.post(f"/tenants/{tenant['id']}/webhooks", body), 400)

    assert refused["error"]["code"] == "INVALID_REQUEST"
    assert refused["error"]["details"][0]["field"] == field
    assert not WebhookEndpoint.objects.exists()


def test_there_are_twenty_at_most(admin: Api, tenant: dict[str, Any]) -> None:
    path = f"/tenants/{tenant['id']}/webhooks"
    for _ in range(20):
        json_of(admin.post(path, {"url": URL}), 201)

    refused = json_of(admin.post(path, {"url": URL}), 409)

    assert refused["error"]["code"] == "WEBHOOK_LIMIT_REACHED"
    assert WebhookEndpoint.objects.count() == 20


def test_a_webhook_is_changed_disabled_and_enabled(admin: Api, made: dict[str, Any]) -> None:
    path = f"/webhooks/{made['id']}"

    changed = json_of(admin.patch(path, {"url": URL + "2", "eventTypes": ["quota.*"]}), 200)
    off = json_of(admin.patch(path, {"isEnabled": False}), 200)
    refused = json_of(admin.post(f"{path}/test"), 409)
    on = json_of(admin.patch(path, {"isEnabled": True}), 200)

    assert (changed["url"], changed["eventTypes"]) == (URL + "2", ["quota.*"])
    assert (off["isEnabled"], off["disabledReason"]) == (False, "BY_HAND")
    assert refused["error"]["code"] == "WEBHOOK_DISABLED"
    assert (on["isEnabled"], on["disabledReason"], on["disabledAt"]) == (True, None, None)
    admin.patch(path, {"url": "http://127.0.0.1.nip.example/"})
    bad = json_of(admin.patch(path, {"url": "http://10.0.0.1/"}), 400)
    assert bad["error"]["details"][0]["field"] == "url"


def test_a_secret_is_rotated(admin: Api, made: dict[str, Any]) -> None:
    path = f"/webhooks/{made['id']}/rotate-secret"

    rotated = json_of(admin.post(path, {"overlapSeconds": 60}), 200)
    at_once = json_of(admin.post(path, {"overlapSeconds": 0}), 200)
    bad = json_of(admin.post(path, {"overlapSeconds": 604_801}), 400)

    assert len({made["secret"], rotated["secret"], at_once["secret"]}) == 3
    assert rotated["oldSecretUntil"] is not None
    assert at_once["oldSecretUntil"] is None
    assert bad["error"]["details"][0]["field"] == "overlapSeconds"


def test_deliveries_are_listed_and_replayed(
    admin: Api, tenant: dict[str, Any], receiver: Receiver
) -> None:
    made = json_of(admin.post(f"/tenants/{tenant['id']}/webhooks", {"url": receiver.url}), 201)
    receiver.status, receiver.text = 500, b"no luck"
    happen(UUID(tenant["id"]), "invoice.paid", "invoice.voided")
    sending.send_due(read_clock=lambda: LATER, budget=5)
    path = f"/webhooks/{made['id']}/deliveries"

    paid = json_of(admin.get(f"{path}?eventType=invoice.paid"), 200)["data"]
    listed = json_of(admin.get(path), 200)["data"]
    receiver.status = 200
    replayed = json_of(admin.post(f"/webhook-deliveries/{paid[0]['id']}/replay"), 200)
    sending.send_due(read_clock=lambda: LATER, budget=5)

    assert [one["eventType"] for one in paid] == ["invoice.paid"]
    assert len(listed) == 2
    assert paid[0]["log"][-1]["status"] == 500
    assert paid[0]["log"][-1]["snippet"] == "no luck"
    assert (replayed["status"], replayed["messageId"]) == ("WAITING", paid[0]["messageId"])
    shown = json_of(admin.get(f"/webhook-deliveries/{paid[0]['id']}"), 200)
    assert (shown["status"], shown["number"], shown["data"]) == (
        "DELIVERED",
        paid[0]["number"],
        {"about": "invoice.paid"},
    )


def test_what_is_gone_is_not_there(admin: Api, made: dict[str, Any]) -> None:
    assert admin.delete(f"/webhooks/{made['id']}").status_code == 204

    for call in (
        admin.get(f"/webhooks/{made['id']}"),
        admin.delete(f"/webhooks/{made['id']}"),
        admin.get(f"/webhooks/{made['id']}/deliveries"),
        admin.get(f"/webhook-deliveries/{made['id']}"),
        admin.post(f"/webhook-deliveries/{made['id']}/replay"),
    ):
        assert json_of(call, 404)["error"]["code"] == "NOT_FOUND"


def test_the_operators_webhooks_are_nobody_elses(admin: Api, api: Any, tenant: Any) -> None:
    made = json_of(admin.post("/webhooks", {"url": URL}), 201)
    customer = factories.customer()
    owner = api(sub=customer.memberships.get(role=0).user_id)

    assert made["tenantId"] is None
    assert json_of(admin.get("/webhooks"), 200)["data"][0]["id"] == made["id"]
    assert json_of(admin.get(f"/tenants/{tenant['id']}/webhooks"), 200)["data"] == []
    assert json_of(owner.get(f"/webhooks/{made['id']}"), 404)["error"]["code"] == "NOT_FOUND"
