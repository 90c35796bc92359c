"""Cost centers: made, moved, deleted; usage booked to them; a tree that adds up."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tenants.cost_centers.tree import DEEPEST
from tenants.models import CostCenter
from tests.costs.conftest import Costs

pytestmark = pytest.mark.django_db


def field_of(refused: Any) -> str:
    return str(refused["error"]["details"][0]["field"])


def test_a_cost_center_is_shown_as_it_was_made(world: Costs) -> None:
    top = world.center("eng")
    made = world.center("eng-1", parentId=top["id"], budget="100", description="The first")

    assert made == {
        "id": made["id"],
        "tenantId": world.tenant,
        "name": "Eng-1",
        "code": "eng-1",
        "description": "The first",
        "parentId": top["id"],
        "budget": "100.00",
        "directSpend": "0.00",
        "allocatedSpend": "0.00",
        "currentSpend": "0.00",
        "subtreeSpend": "0.00",
        "utilizationPercent": "0",
        "subtreeUtilizationPercent": "0",
        "isActive": True,
        "createdAt": "2025-04-01T10:20:00Z",
        "updatedAt": "2025-04-01T10:20:00Z",
    }
    assert world.get(f"/cost-centers/{made['id']}") == made
    assert world.centers("?direction=asc")["data"] == [
        world.get(f"/cost-centers/{top['id']}"),
        made,
    ]


def test_usage_is_booked_by_id_or_code_and_rolls_up(world: Costs) -> None:
    top = world.center("eng")
    low = world.center("eng-1", parentId=top["id"], budget="10.00")
    world.center("sales")
    world.use("API_CALLS", "1000", costCenterCode="eng-1")
    world.use("API_CALLS", "1000", costCenterId=top["id"].upper())
    world.use("API_CALLS", "500")

    world.agrees()

    tree = world.centers("?tree=true")
    assert [(one["code"], one["currentSpend"], one["subtreeSpend"]) for one in tree["data"]] == [
        ("eng", "3.50", "7.00"),
        ("sales", "0.00", "0.00"),
    ]
    (below,) = tree["data"][0]["children"]
    assert (below["currentSpend"], below["utilizationPercent"]) == ("3.50", "35")
    assert (tree["unallocated"], tree["usageCost"]) == ("6.75", "13.75")  # 1.75, and a minimum
    assert world.get(f"/cost-centers/{low['id']}")["currentSpend"] == "3.50"
    found = world.cost("by-resource?groupBy=costCenter")["resources"]
    assert {one["costCenterCode"]: one["cost"] for one in found} == {"eng": "3.50", "eng-1": "3.50"}


def test_usage_of_an_unknown_one_is_refused_and_of_an_inactive_one_taken(world: Costs) -> None:
    made = world.center("eng")
    path = f"/tenants/{world.tenant}/usage"
    event = {"metricType": "API_CALLS", "costCenterCode": "nope"}
    refused = world.post(path, event, status=400)
    assert refused["error"]["code"] == "UNKNOWN_COST_CENTER"
    foreign = {"metricType": "API_CALLS", "costCenterId": str(uuid4())}
    events = [event, {**event, "costCenterCode": "eng"}, foreign]
    batch = world.post(f"{path}/batch", events, status=207)
    assert [one["index"] for one in batch["rejected"]] == [0, 2]

    world.call("put", f"/cost-centers/{made['id']}", {"isActive": False}, status=200)

    world.use("API_CALLS", "1000", costCenterCode="eng")
    assert world.get(f"/cost-centers/{made['id']}")["currentSpend"] == "3.50"


def test_a_new_one_is_known_at_once(world: Costs) -> None:
    world.center("eng")
    world.use("API_CALLS", costCenterCode="eng")
    world.center("new")

    world.use("API_CALLS", costCenterCode="new")


def test_with_usage_it_is_deactivated_without_it_is_gone(world: Costs) -> None:
    used, unused = world.center("used"), world.center("unused")
    world.use("API_CALLS", costCenterCode="used")

    for made in (used, unused):
        world.call("delete", f"/cost-centers/{made['id']}", status=204)

    assert world.get(f"/cost-centers/{used['id']}")["isActive"] is False
    assert world.get(f"/cost-centers/{unused['id']}", status=404)["error"]["code"] == "NOT_FOUND"
    assert [one["code"] for one in world.centers("?active=false")["data"]] == ["used"]


def test_one_with_others_below_it_is_not_deleted(world: Costs) -> None:
    top = world.center("top")
    low = world.center("low", parentId=top["id"])

    refused = world.call("delete", f"/cost-centers/{top['id']}", status=409)
    assert refused["error"]["code"] == "COST_CENTER_HAS_CHILDREN"
    world.call("put", f"/cost-centers/{low['id']}", {"parentId": None}, status=200)
    world.call("delete", f"/cost-centers/{top['id']}", status=204)


def test_moving_takes_the_spend_along(world: Costs) -> None:
    a, b = world.center("a"), world.center("b")
    low = world.center("low", parentId=a["id"])
    world.use("API_CALLS", "1000", costCenterCode="low")

    moved = world.call("put", f"/cost-centers/{low['id']}", {"parentId": b["id"]}, status=200)

    assert moved["parentId"] == b["id"]
    tree = {one["code"]: one["subtreeSpend"] for one in world.centers("?tree=true")["data"]}
    assert tree == {"a": "0.00", "b": "3.50"}


def test_a_code_is_taken_once_in_a_tenant(world: Costs) -> None:
    made = world.center("eng")
    world.center("Eng")  # letter case matters
    other = Costs()
    other.begin("2025-04-01T00:00:00Z")
    other.center("eng")

    assert world.center("eng", status=409)["error"]["code"] == "ALREADY_EXISTS"
    path = f"/cost-centers/{made['id']}"
    refused = world.call("put", path, {"code": "Eng"}, status=409)
    assert refused["error"]["code"] == "ALREADY_EXISTS"


def test_cycles_and_foreign_parents_are_refused(world: Costs) -> None:
    top = world.center("top")
    low = world.center("low", parentId=top["id"])
    other = Costs()
    other.begin("2025-04-01T00:00:00Z")
    foreign = other.center("foreign")

    for center, parent in ((top, low), (top, top), (low, foreign), (low, {"id": str(uuid4())})):
        path = f"/cost-centers/{center['id']}"
        refused = world.call("put", path, {"parentId": parent["id"]}, status=400)
        assert field_of(refused) == "parentId"
    assert field_of(world.center("x", parentId=foreign["id"], status=400)) == "parentId"


def test_the_tree_has_so_many_levels_at_most(world: Costs) -> None:
    above = None
    for level in range(DEEPEST):
        above = world.center(f"c{level}", parentId=above)["id"]

    assert field_of(world.center("too-deep", parentId=above, status=400)) == "parentId"
    world.agrees()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": " outer "}, "code"),
        ({"code": ""}, "code"),
        ({"code": "a\u0000b"}, "code"),
        ({"code": "line\nbreak"}, "code"),
        ({"code": "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"}, "code"),
        ({"code": "x" * 256}, "code"),
        ({"name": ""}, "name"),
        ({"budget": "-1"}, "budget"),
        ({"budget": "1.001"}, "budget"),
        ({"budget": "100000000000000"}, "budget"),
        ({"budget": "NaN"}, "budget"),
        ({"budget": True}, "budget"),
        ({"parentId": "top"}, "parentId"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_no_cost_center_can_be(world: Costs, given: dict[str, Any], field: str) -> None:
    body = {"tenantId": world.tenant, "name": "x", "code": "x", **given}

    assert field_of(world.post("/cost-centers", body, status=400)) == field
    assert not CostCenter.objects.exists()


def test_codes_may_have_odd_characters(world: Costs) -> None:
    for code in ("R&D/EU", "Büro München", "研究", "a'b\"c\\d", "50%"):
        world.center(code)
        world.use("API_CALLS", costCenterCode=code)

    assert world.centers()["pagination"]["totalElements"] == 5


def test_without_a_subscription_all_is_zero(bare: Costs) -> None:
    bare.center("eng")
    bare.use("API_CALLS", "5", costCenterCode="eng")

    found = bare.centers("?tree=true")

    assert (found["usageCost"], found["unallocated"]) == ("0.00", "0.00")
    assert found["data"][0]["subtreeSpend"] == "0.00"


def test_a_budget_keeps_its_amount_in_another_currency(bare: Costs) -> None:
    made = bare.center("eng", budget="100")
    bare.call("patch", f"/tenants/{bare.tenant}", {"currency": "JPY"}, status=200)

    assert bare.get(f"/cost-centers/{made['id']}")["budget"] == "100"
