"""The story of quotas: a tenant's usage of a meter is limited, and a job reserves its part."""

from __future__ import annotations

from typing import Any, Final
from unittest.mock import patch

from tests.api.story.recorder import Story

EXPORTS: Final[dict[str, Any]] = {
    "resourceType": "DATA_TRANSFER_BYTES",
    "resourceName": "Exports",
    "quotaLimit": "1000",
    "period": "DAY",
    "alertRecipients": ["ops@acme.example"],
}
JOB: Final[dict[str, Any]] = {
    "resourceType": "DATA_TRANSFER_BYTES",
    "amount": "300",
    "ttlSeconds": 900,
}


def quotas(story: Story) -> None:
    story.at("2026-03-21T12:00:00+00:00")
    body = {"name": "Initech", "timezone": "Europe/Berlin"}
    tenant = str(story.call("POST", "/tenants", body, status=201).json()["id"])
    quota = {"tenantId": tenant, **EXPORTS}
    made = story.tell("create_quota", "Exports of a day", "POST", "/quotas", quota, status=201)
    story.tell("create_quota", "Again", "POST", "/quotas", quota, status=409)
    path = f"/quotas/{made['id']}"
    using(story, tenant)
    story.tell("get_quota_of_tenant", "Exports", "GET", path)
    story.tell("list_quotas_of_tenant", "All", "GET", f"/quotas/tenants/{tenant}")
    asked = "resourceType=DATA_TRANSFER_BYTES&requestedAmount="
    check = f"/quotas/tenants/{tenant}/check?{asked}"
    story.tell("check_quotas", "It fits", "GET", f"{check}50")
    story.tell("check_quotas", "It does not", "GET", f"{check}500")
    jobs(story, tenant)
    change = {"quotaLimit": "2000", "warningThresholdPercent": 90}
    story.tell("change_quota", "Twice as much", "PUT", path, change)
    story.call("PUT", path, {"isActive": False}, status=200)
    story.call("POST", "/quotas", quota, status=201)
    story.tell("change_quota", "Another is active", "PUT", path, {"isActive": True}, status=409)
    story.tell("delete_quota", "Exports", "DELETE", path, status=204)
    pause(story, tenant)


def using(story: Story, tenant: str) -> None:
    place = f"/tenants/{tenant}/usage"
    event = {"metricType": "DATA_TRANSFER_BYTES", "quantity": "640", "eventId": "export-1"}
    story.call("POST", place, event, status=201)
    over = {**event, "eventId": "export-2"}
    story.tell("record_usage", "Over a quota", "POST", place, over, status=403)


def jobs(story: Story, tenant: str) -> None:
    place = f"/tenants/{tenant}/quotas/reservations"
    first = story.tell("reserve_quota", "A job", "POST", place, JOB, status=201)
    story.tell("reserve_quota", "One too many", "POST", place, JOB, status=403)
    with patch("billing.metering.quotas.reservations.LIMIT_OPEN", 1):
        story.tell("reserve_quota", "Many open", "POST", place, JOB, status=409)
    mine = f"{place}/{first['reservationId']}"
    story.tell("get_reservation", "Open", "GET", mine)
    big = {"amount": "900"}
    story.tell("commit_reservation", "More than is left", "POST", f"{mine}/commit", big, status=403)
    real = {"amount": "212.5", "resourceId": "export-3"}
    story.tell("commit_reservation", "What it took", "POST", f"{mine}/commit", real)
    story.tell("commit_reservation", "Again", "POST", f"{mine}/commit", real, status=409)
    story.tell("release_reservation", "Committed", "POST", f"{mine}/release", status=409)
    small = {**JOB, "amount": "10"}
    second = story.call("POST", place, small, status=201).json()
    other = f"{place}/{second['reservationId']}"
    story.tell("release_reservation", "Nothing came of it", "POST", f"{other}/release")
    third = story.call("POST", place, {**small, "ttlSeconds": 1}, status=201).json()
    other = f"{place}/{third['reservationId']}"
    story.tell("release_reservation", "Expired", "POST", f"{other}/release", status=409)
    story.tell("commit_reservation", "Expired", "POST", f"{other}/commit", status=409)


def pause(story: Story, tenant: str) -> None:
    """While the subscription is paused, nothing is let in by asking."""
    story.call("POST", "/plans", USD_PLAN, status=201)
    plan = {"planId": USD_PLAN["code"]}
    path = f"/tenants/{tenant}/subscriptions"
    subscription = story.call("POST", path, plan, status=201).json()["id"]
    story.call("POST", f"/subscriptions/{subscription}/pause", status=200)
    place = f"/tenants/{tenant}/quotas/reservations"
    story.tell("reserve_quota", "In a pause", "POST", place, JOB, status=409)
    story.tell("check_quotas", "In a pause", "GET", f"/quotas/tenants/{tenant}/check")


USD_PLAN: Final[dict[str, Any]] = {
    "code": "dollars",
    "name": "Dollars",
    "currency": "USD",
    "interval": "MONTH",
    "price": "10.00",
}
