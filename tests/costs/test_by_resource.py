"""`by-resource`: each line shared by what the groups used, to the last cent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.costs.conftest import Costs

pytestmark = pytest.mark.django_db
CENTS: list[dict[str, Any]] = [
    {"metricType": "API_CALLS", "model": "PACKAGE", "packageSize": "1000", "packagePrice": "10.00"}
]


@pytest.fixture
def thirds(bare: Costs) -> Costs:
    """Three resources of one package, and a little that names none."""
    bare.subscribe(bare.plan(charges=CENTS))
    for name in ("a", "b", "c"):
        bare.use("API_CALLS", "100", resourceId=name, resourceType="bot")
    return bare


def test_a_line_is_shared_by_largest_remainder(thirds: Costs) -> None:
    found = thirds.cost("by-resource?groupBy=resource")

    assert [(one["key"], one["cost"], one["percentage"]) for one in found["resources"]] == [
        ("a", "3.34", "33.4"),
        ("b", "3.33", "33.3"),
        ("c", "3.33", "33.3"),
    ]
    assert (found["usageCost"], found["unattributed"]) == ("10.00", "0.00")
    assert found["resources"][0] == {
        "key": "a",
        "resourceId": "a",
        "resourceType": "bot",
        "metricType": "API_CALLS",
        "quantity": "100",
        "cost": "3.34",
        "percentage": "33.4",
        "byMetric": [{"metricType": "API_CALLS", "quantity": "100", "cost": "3.34"}],
    }


def test_what_names_none_is_unattributed(thirds: Costs) -> None:
    thirds.use("API_CALLS", "100")

    found = thirds.cost("by-resource?groupBy=resourceType")

    assert [(one["key"], one["cost"]) for one in found["resources"]] == [("bot", "7.50")]
    assert found["unattributed"] == "2.50"


def test_the_rest_beyond_the_limit_is_told_together(thirds: Costs) -> None:
    found = thirds.cost("by-resource?limit=1")

    assert [one["key"] for one in found["resources"]] == ["a"]
    assert found["others"] == {"groups": 2, "cost": "6.66"}


def test_a_minimum_is_its_meters_and_no_resources(bare: Costs) -> None:
    bare.subscribe(
        bare.plan(
            charges=[
                {
                    "metricType": "API_CALLS",
                    "model": "PER_UNIT",
                    "unitPrice": "0.01",
                    "minimumAmount": "5.00",
                }
            ]
        )
    )
    bare.use("API_CALLS", "100", resourceId="a")

    by_resource = bare.cost("by-resource")
    by_metric = bare.cost("by-resource?groupBy=metricType")

    assert [one["cost"] for one in by_resource["resources"]] == ["1.00"]
    assert by_resource["unattributed"] == "4.00"
    assert [one["cost"] for one in by_metric["resources"]] == ["5.00"]
    assert by_metric["unattributed"] == "0.00"


def test_corrections_take_cost_from_their_own_group(bare: Costs) -> None:
    bare.subscribe(
        bare.plan(charges=[{"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1"}])
    )
    bare.use("API_CALLS", "5", resourceId="a")
    bare.use("API_CALLS", "-7", resourceId="b", correction=True)

    found = bare.cost("by-resource")

    assert {one["key"]: one["cost"] for one in found["resources"]} == {"a": "5.00", "b": "-7.00"}
    assert (found["usageCost"], found["unattributed"]) == ("-2.00", "0.00")
    bare.use("API_CALLS", "2", resourceId="c")
    assert bare.agrees() == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [("groupBy=Resource", "groupBy"), ("limit=0", "limit"), ("limit=10001", "limit"), ("x=1", "x")],
)
def test_bad_parameters_are_named(thirds: Costs, query: str, field: str) -> None:
    refused = thirds.cost(f"by-resource?{query}", status=400)

    assert [problem["field"] for problem in refused["error"]["details"]] == [field]
