"""Allocation rules over HTTP, and who owes what of an invoice."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.costs.conftest import Costs, money, total

pytestmark = pytest.mark.django_db


def share_out(world: Costs, **fields: Any) -> Any:
    status = fields.pop("status", 201)
    body = {"tenantId": world.tenant, "name": "Shared", "method": "PERCENTAGE", **fields}
    return world.post("/allocation-rules", body, status=status)


def shares(**percents: str) -> list[dict[str, str]]:
    return [{"costCenterId": one, "percent": percent} for one, percent in percents.items()]


def spends(world: Costs) -> dict[str, str]:
    found = world.centers("?size=100")
    own = {one["code"]: one["currentSpend"] for one in found["data"]}
    return {**own, "-": found["unallocated"]}


@pytest.fixture
def team(world: Costs) -> dict[str, str]:
    """Three centers, with calls of two of them and calls that name none."""
    ids = {code: world.center(code)["id"] for code in ("a", "b", "c")}
    world.use("API_CALLS", "1000", costCenterCode="a")
    world.use("API_CALLS", "3000", costCenterCode="b")
    world.use("API_CALLS", "1000")
    return ids


def test_unlabelled_usage_and_minimums_are_shared_out(world: Costs, team: dict[str, str]) -> None:
    assert spends(world) == {"a": "3.50", "b": "10.50", "c": "0.00", "-": "8.50"}

    made = share_out(world, shares=shares(**{team["a"]: "50", team["c"]: "25"}))

    assert made["validFrom"] == "2025-04-01T10:20:00Z"
    assert spends(world) == {"a": "7.75", "b": "10.50", "c": "2.13", "-": "2.12"}
    world.agrees()
    one = world.get(f"/cost-centers/{team['a']}")
    assert (one["directSpend"], one["allocatedSpend"]) == ("3.50", "4.25")


def test_by_the_share_of_another_meter_and_of_one_meter_alone(
    world: Costs, team: dict[str, str]
) -> None:
    world.use("DASHBOARD_VIEWS", "30", costCenterCode="a")
    world.use("DASHBOARD_VIEWS", "10", costCenterCode="c")

    share_out(world, method="METER_SHARE", byMetricType="DASHBOARD_VIEWS", metricType="API_CALLS")

    assert spends(world) == {"a": "6.13", "b": "10.50", "c": "0.87", "-": "5.00"}
    world.agrees()


def test_a_rule_holds_for_the_usage_of_its_time(world: Costs, team: dict[str, str]) -> None:
    world.advance("2025-04-11T12:00:00Z")
    world.use("API_CALLS", "2000")

    share_out(
        world,
        metricType="API_CALLS",
        shares=shares(**{team["a"]: "100"}),
        validFrom="2025-04-05T00:00:00Z",
    )

    assert spends(world) == {"a": "10.50", "b": "10.50", "c": "0.00", "-": "8.50"}
    world.agrees()


def test_a_shared_center_is_given_away(world: Costs, team: dict[str, str]) -> None:
    share_out(
        world, sourceCostCenterId=team["b"], shares=shares(**{team["a"]: "50", team["c"]: "50"})
    )

    assert spends(world) == {"a": "8.75", "b": "0.00", "c": "5.25", "-": "8.50"}
    world.agrees()


def test_what_was_invoiced_keeps_its_rules(world: Costs, team: dict[str, str]) -> None:
    made = share_out(world, shares=shares(**{team["a"]: "100"}))
    world.advance("2025-05-02T00:00:00Z")
    path = f"/allocation-rules/{made['id']}"

    refused = world.call("delete", path, status=409)
    assert refused["error"]["code"] == "ALLOCATION_RULE_WAS_APPLIED"
    early = {"validUntil": "2025-04-15T00:00:00Z"}
    assert (
        world.call("put", path, early, status=400)["error"]["details"][0]["field"] == "validUntil"
    )
    late = share_out(
        world, shares=shares(**{team["c"]: "1"}), validFrom="2025-04-15T00:00:00Z", status=400
    )
    assert late["error"]["details"][0]["field"] == "validFrom"
    ended = world.call("put", path, {"validUntil": "2025-05-03T00:00:00Z"}, status=200)
    assert ended["validUntil"] == "2025-05-03T00:00:00Z"
    again = share_out(world, shares=shares(**{team["c"]: "100"}), validFrom="2025-05-03T00:00:00Z")
    world.call("delete", f"/allocation-rules/{again['id']}", status=204)
    assert [
        one["id"] for one in world.get(f"/allocation-rules/tenants/{world.tenant}")["data"]
    ] == [made["id"]]


def test_an_invoice_says_who_owes_what(world: Costs, team: dict[str, str]) -> None:
    world.call(
        "put", f"/cost-centers/{team['c']}", {"parentId": team["a"], "name": "=1+1"}, status=200
    )
    share_out(world, shares=shares(**{team["c"]: "50"}))
    world.advance("2025-05-02T00:00:00Z")
    invoice = world.invoices()[0]

    found = world.get(f"/invoices/{invoice['id']}/cost-centers")

    usage = total(one["amount"] for one in invoice["lines"] if one["type"] in {"USAGE", "MINIMUM"})
    parts = total(one["spend"] for one in found["costCenters"])
    assert parts + money(found["unallocated"]) == usage == money(found["usageCost"])
    assert usage + money(found["other"]) == money(invoice["total"])
    assert {one["code"]: one["subtreeSpend"] for one in found["costCenters"]} == {
        "a": "7.75",
        "b": "10.50",
        "c": "4.25",
    }
    answer = world.get(f"/invoices/{invoice['id']}/cost-centers.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert total(row["spend"] for row in rows) == money(invoice["total"])
    assert [(row["path"], row["name"]) for row in rows[:3]] == [
        ("a", "A"),
        ("b", "B"),
        ("a / c", "'=1+1"),
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "shares"),
        ({"shares": []}, "shares"),
        ({"method": "METER_SHARE"}, "byMetricType"),
        ({"method": "METER_SHARE", "byMetricType": "NONE"}, "byMetricType"),
        ({"byMetricType": "API_CALLS", "shares": "one"}, "byMetricType"),
        ({"metricType": "NONE", "shares": "one"}, "metricType"),
        ({"shares": "two halves and a bit"}, "shares"),
        ({"shares": "twice"}, "shares[1].costCenterId"),
        ({"shares": "foreign"}, "shares[0].costCenterId"),
        ({"shares": "one", "sourceCostCenterId": "source"}, "shares[0].costCenterId"),
        ({"shares": "one", "validUntil": "2025-04-01T10:20:00Z"}, "validUntil"),
        ({"shares": "one", "validFrom": "2025-03-01T00:00:00Z"}, "validFrom"),
        ({"shares": "tiny"}, "shares[0].percent"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_no_rule_can_be(
    world: Costs, team: dict[str, str], given: dict[str, Any], field: str
) -> None:
    made_up = {
        "one": shares(**{team["a"]: "10"}),
        "two halves and a bit": shares(**{team["a"]: "50", team["b"]: "50.000001"}),
        "twice": [*shares(**{team["a"]: "10"}), *shares(**{team["a"]: "10"})],
        "foreign": shares(**{world.tenant: "10"}),
        "tiny": shares(**{team["a"]: "1.0000001"}),
        "source": team["a"],
    }
    body = {
        name: made_up.get(value, value) if isinstance(value, str) else value
        for name, value in given.items()
    }

    refused = share_out(world, **body, status=400)

    assert [one["field"] for one in refused["error"]["details"]] == [field]


def test_the_same_usage_is_shared_out_once_at_a_time(world: Costs, team: dict[str, str]) -> None:
    share_out(world, shares=shares(**{team["a"]: "10"}))

    refused = share_out(world, shares=shares(**{team["b"]: "10"}), status=409)

    assert refused["error"]["code"] == "ALLOCATION_RULE_OVERLAPS"
    share_out(world, metricType="API_CALLS", shares=shares(**{team["b"]: "10"}))
    share_out(world, sourceCostCenterId=team["b"], shares=shares(**{team["a"]: "10"}))
    world.agrees()
