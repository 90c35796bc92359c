"""Summary, events and voiding through the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests import factories
from tests.client import Api, json_of

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def tenant(db: None) -> str:
    """A tenant whose clock stands at noon of 15 June."""
    return str(factories.account(clock=factories.clock(NOW)).id)


def record(admin: Api, tenant: str, *events: dict[str, Any]) -> None:
    given = [{"metricType": "API_CALLS", **event} for event in events]
    json_of(admin.post(f"/tenants/{tenant}/usage/batch", given), 201)


def metrics(admin: Api, tenant: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(admin.get(f"/tenants/{tenant}/usage/summary{query}"))[
        "metrics"
    ]
    return found


def quantities(admin: Api, tenant: str, query: str = "") -> dict[str, str]:
    return {one["metricType"]: one["quantity"] for one in metrics(admin, tenant, query)}


def test_a_summary_without_a_subscription_is_of_the_month(admin: Api, tenant: str) -> None:
    record(admin, tenant, {"quantity": "2.5"}, {"timestamp": "2025-05-31T23:59:59Z"})

    said = json_of(admin.get(f"/tenants/{tenant}/usage/summary"))

    assert said == {
        "tenantId": tenant,
        "start": "2025-06-01T00:00:00Z",
        "end": "2025-07-01T00:00:00Z",
        "metrics": [
            {
                "metricType": "API_CALLS",
                "unit": "count",
                "aggregation": "SUM",
                "quantity": "2.5",
                "events": 1,
            }
        ],
    }


@pytest.mark.parametrize(
    ("start", "end", "quantity"),
    [
        ("10:00:00", "12:00:00", "1111"),
        ("10:00:00.000001", "12:00:00", "1110"),
        ("10:30:00", "11:30:00", "110"),
        ("10:30:00", "11:30:00.000001", "1110"),
        ("10:31:00", "11:00:00", None),
        ("10:31:00", "11:00:00.000001", "100"),
        ("09:59:00", "10:30:00", "1"),
    ],
)
def test_a_summary_is_exact_where_an_hour_is_cut(
    admin: Api, tenant: str, start: str, end: str, quantity: str | None
) -> None:
    times = ("10:00:00", "10:30:00", "11:00:00", "11:30:00")
    record(
        admin,
        tenant,
        *(
            {"timestamp": f"2025-06-15T{time}Z", "quantity": str(10**place)}
            for place, time in enumerate(times)
        ),
    )

    found = quantities(admin, tenant, f"?start=2025-06-15T{start}Z&end=2025-06-15T{end}Z")

    assert found == ({} if quantity is None else {"API_CALLS": quantity})


@pytest.mark.parametrize(
    ("metric", "quantity"), [("STORAGE_BYTES", "7"), ("ACTIVE_USERS", "2"), ("API_CALLS", "14")]
)
@pytest.mark.parametrize("cut", ["10:15:00", "10:00:00", "08:00:00"])
def test_each_aggregation_is_summed_up_over_hours_and_edges(
    admin: Api, tenant: str, metric: str, quantity: str, cut: str
) -> None:
    times = ("10:20:00", "10:40:00", "11:10:00", "11:50:00")
    sizes = ("2", "7", "4", "1")
    users = ("ann", "bob", "ann", "ann")
    record(
        admin,
        tenant,
        *(
            {
                "metricType": metric,
                "timestamp": f"2025-06-15T{time}Z",
                "quantity": size,
                "userId": user,
            }
            for time, size, user in zip(times, sizes, users, strict=True)
        ),
    )

    query = f"?start=2025-06-15T{cut}Z&end=2025-06-15T11:55:00Z"

    assert quantities(admin, tenant, query) == {metric: quantity}


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [
        (
            "resource",
            [
                {"resourceId": None, "resourceType": None},
                {"resourceId": "a", "resourceType": None},
                {"resourceId": "a", "resourceType": "vm"},
            ],
        ),
        ("hour", [{"hour": "2025-06-14T10:00:00Z"}, {"hour": "2025-06-15T10:00:00Z"}]),
        ("day", [{"day": "2025-06-14T00:00:00Z"}, {"day": "2025-06-15T00:00:00Z"}]),
        ("costCenter", [{"costCenterId": None}]),
        ("metricType", [{}]),
    ],
)
def test_a_summary_comes_in_groups(
    admin: Api, tenant: str, group_by: str, groups: list[dict[str, Any]]
) -> None:
    record(
        admin,
        tenant,
        {"timestamp": "2025-06-14T10:00:00Z", "resourceId": "a", "resourceType": "vm"},
        {"timestamp": "2025-06-15T10:10:00Z", "resourceId": "a"},
        {"timestamp": "2025-06-15T10:20:00Z"},
    )

    found = metrics(admin, tenant, f"?groupBy={group_by}")

    fields = {"metricType", "unit", "aggregation", "quantity", "events"}
    assert [{k: v for k, v in one.items() if k not in fields} for one in found] == groups
    assert sum(one["events"] for one in found) == 3


@pytest.mark.parametrize(
    "query",
    [
        "?start=yesterday",
        "?start=2025-06-15T00:00:00Z&end=2025-06-15T00:00:00Z",
        "?groupBy=colour",
        "?start=1980-01-01T00:00:00Z&end=2025-06-15T00:00:00Z",
        "?what=1",
    ],
)
def test_a_bad_parameter_of_a_summary_is_refused(admin: Api, tenant: str, query: str) -> None:
    answer = admin.get(f"/tenants/{tenant}/usage/summary{query}")

    assert json_of(answer, 400)["error"]["code"] == "INVALID_REQUEST"


def test_events_come_newest_first_and_each_once(admin: Api, tenant: str) -> None:
    times = ["10:00:00", "11:00:00", "10:00:00", "09:00:00", "10:00:00"]
    events = [
        {"eventId": f"e{number}", "timestamp": f"2025-06-15T{time}Z"}
        for number, time in enumerate(times)
    ]
    record(admin, tenant, *events)
    seen, cursor = [], ""

    while True:
        page = json_of(admin.get(f"/tenants/{tenant}/usage/events?limit=2{cursor}"))
        seen.append([event["eventId"] for event in page["data"]])
        if page["nextCursor"] is None:
            break
        record(admin, tenant, {"eventId": f"late{len(seen)}"})
        cursor = f"&cursor={page['nextCursor']}"

    assert seen == [["e1", "e4"], ["e2", "e0"], ["e3"]]


def test_an_event_is_shown_as_it_was_sent(admin: Api, tenant: str) -> None:
    sent = {
        "eventId": "a/b c",
        "quantity": "2.50",
        "timestamp": "2025-06-15T11:00:00.5Z",
        "resourceId": "r",
        "resourceType": "vm",
        "userId": "u",
        "metadata": {"k": [1]},
    }
    record(admin, tenant, sent)

    (shown,) = json_of(admin.get(f"/tenants/{tenant}/usage/events"))["data"]

    assert shown == {
        **sent,
        "metricType": "API_CALLS",
        "unit": "count",
        "quantity": "2.5",
        "timestamp": "2025-06-15T11:00:00.500000Z",
        "recordedAt": "2025-06-15T12:00:00Z",
        "voidedAt": None,
        "correction": False,
        "costCenterId": None,
    }


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("metricType=STORAGE_BYTES", ["b"]),
        ("resourceId=r", ["a"]),
        ("start=2025-06-15T11:00:00Z", ["b", "c"]),
        ("end=2025-06-15T11:00:00Z", ["a"]),
        ("includeVoided=true", ["b", "c", "void", "a"]),
    ],
)
def test_events_are_filtered(admin: Api, tenant: str, query: str, ids: list[str]) -> None:
    record(
        admin,
        tenant,
        {"eventId": "a", "timestamp": "2025-06-15T10:00:00Z", "resourceId": "r"},
        {"eventId": "void", "timestamp": "2025-06-15T10:30:00Z"},
        {"eventId": "c", "timestamp": "2025-06-15T11:00:00Z"},
        {"eventId": "b", "timestamp": "2025-06-15T11:30:00Z", "metricType": "STORAGE_BYTES"},
    )
    admin.send("DELETE", f"/tenants/{tenant}/usage/events/void")

    found = json_of(admin.get(f"/tenants/{tenant}/usage/events?{query}"))["data"]

    assert [event["eventId"] for event in found] == ids


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=MTIz", "limit=0", "limit=101", "limit=x", "includeVoided=yes"]
)
def test_a_bad_parameter_of_the_events_is_refused(admin: Api, tenant: str, query: str) -> None:
    answer = admin.get(f"/tenants/{tenant}/usage/events?{query}")

    assert json_of(answer, 400)["error"]["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize(
    "event_id", ["plain", "a/b", "/a//b/", "100%", "ä ö?#&", "..", "%2F", "a+b", "a\nb/\n"]
)
def test_an_event_of_any_id_can_be_voided(admin: Api, tenant: str, event_id: str) -> None:
    record(admin, tenant, {"eventId": event_id}, {"eventId": "other"})
    path = f"/tenants/{tenant}/usage/events/{quote(event_id, safe='')}"

    answers = [admin.send("DELETE", path) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert quantities(admin, tenant) == {"API_CALLS": "1"}


def test_voiding_what_is_not_there_is_a_404(admin: Api, tenant: str) -> None:
    answer = admin.send("DELETE", f"/tenants/{tenant}/usage/events/none")

    assert json_of(answer, 404)["error"]["code"] == "NOT_FOUND"


def test_a_tenant_sees_only_its_own_usage(admin: Api, tenant: str) -> None:
    other = str(factories.account(clock=factories.clock(NOW)).id)
    record(admin, other, {"eventId": "theirs"})

    assert metrics(admin, tenant) == []
    assert json_of(admin.get(f"/tenants/{tenant}/usage/events"))["data"] == []
    answer = admin.send("DELETE", f"/tenants/{tenant}/usage/events/theirs")
    assert answer.status_code == 404
