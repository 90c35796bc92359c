"""A tenant with a plan of tiers, packages, a minimum and plain prices; its costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.scenarios.world import World

RATES = [
    {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.0035"},
    {
        "metricType": "COMPUTE_SECONDS",
        "model": "GRADUATED",
        "tiers": [
            {"upTo": "1000", "unitPrice": "0.02"},
            {"upTo": "5000", "unitPrice": "0.015", "flatFee": "3.00"},
            {"upTo": None, "unitPrice": "0.01"},
        ],
    },
    {
        "metricType": "PIPELINE_RUNS",
        "model": "PACKAGE",
        "packageSize": "10",
        "packagePrice": "1.99",
    },
    {
        "metricType": "ML_INFERENCE_REQUESTS",
        "model": "PER_UNIT",
        "unitPrice": "0.10",
        "minimumAmount": "5.00",
    },
    {"metricType": "STORAGE_BYTES", "model": "PER_UNIT", "unitPrice": "0.001"},
    {
        "metricType": "ACTIVE_USERS",
        "model": "VOLUME",
        "tiers": [{"upTo": "2", "unitPrice": "3"}, {"upTo": None, "unitPrice": "2"}],
    },
]


class Costs(World):
    """The world, and what it says of costs."""

    def cost(self, path: str, **kwargs: Any) -> Any:
        return self.get(f"/realtime-cost/tenants/{self.tenant}/{path}", **kwargs)

    def current(self) -> Any:
        return self.cost("current")

    def center(self, code: str, **fields: Any) -> Any:
        fields.setdefault("status", 201)
        status = fields.pop("status")
        body = {"tenantId": self.tenant, "name": code.title(), "code": code, **fields}
        return self.post("/cost-centers", body, status=status)

    def centers(self, query: str = "") -> Any:
        return self.get(f"/cost-centers/tenants/{self.tenant}{query}")

    def agrees(self) -> Decimal:
        """Assert that every way of splitting the usage cost adds up to it; return it."""
        lines = self.preview()["lines"]
        current = self.current()
        usage = total(line["amount"] for line in lines if line["type"] in {"USAGE", "MINIMUM"})
        fee = total(line["amount"] for line in lines if line["type"] in {"PLAN", "PRORATION"})
        assert (money(current["planCost"]), money(current["usageCost"])) == (fee, usage)
        assert money(current["totalCost"]) == fee + usage
        by_metric = total(one["cost"] for one in current["byMetric"])
        assert by_metric + money(current["unattributed"]) == usage
        for group_by in ("resource", "resourceType", "metricType", "costCenter"):
            found = self.cost(f"by-resource?groupBy={group_by}")
            parts = total(one["cost"] for one in found["resources"])
            assert parts + money(found["unattributed"]) == usage, group_by
            assert found["usageCost"] == current["usageCost"]
        for granularity in ("HOUR", "DAY"):
            found = self.cost(f"timeline?granularity={granularity}")
            assert total(one["cost"] for one in found["points"]) == usage, granularity
            assert money(found["points"][-1]["cumulativeCost"]) == usage
        listed = self.centers("?size=100")
        spends = total(one["currentSpend"] for one in listed["data"])
        assert spends + money(listed["unallocated"]) == usage
        tree = self.centers("?tree=true")
        top = total(one["subtreeSpend"] for one in tree["data"])
        assert top + money(tree["unallocated"]) == usage == money(tree["usageCost"])
        for node in tree["data"]:
            adds_up(node)
        return usage


def adds_up(node: Any) -> None:
    """Assert that a center's subtree is its own spend and that of each below it."""
    below = total(one["subtreeSpend"] for one in node["children"])
    assert money(node["subtreeSpend"]) == money(node["currentSpend"]) + below
    for one in node["children"]:
        adds_up(one)


def money(text: str) -> Decimal:
    return Decimal(text)


def total(texts: Any) -> Decimal:
    return sum((Decimal(text) for text in texts), Decimal(0))


@pytest.fixture
def world(db: None) -> Costs:
    """A tenant from the middle of an hour on, on a plan of all kinds."""
    made = Costs()
    made.begin("2025-04-01T10:20:00Z")
    made.subscribe(made.plan(charges=RATES))
    return made


@pytest.fixture
def bare(db: None) -> Costs:
    """A tenant without a plan."""
    made = Costs()
    made.begin("2025-04-01T10:20:00Z")
    return made
