"""The story's part about cost as it happens: a tree of cost centers, and who spent what."""

from __future__ import annotations

from typing import Any, Final
from unittest.mock import patch

from django.conf import settings

from costs import services as rules
from tenants.cost_centers import services
from tests.api.story.recorder import Story
from tests.scenarios.world import BASE

PLAN: Final[dict[str, Any]] = {
    "code": "metered",
    "name": "Metered",
    "currency": "USD",
    "interval": "MONTH",
    "price": "20.00",
    "charges": [
        {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.002"},
        {
            "metricType": "COMPUTE_SECONDS",
            "model": "GRADUATED",
            "tiers": [
                {"upTo": "1000", "unitPrice": "0.02"},
                {"upTo": None, "unitPrice": "0.01"},
            ],
            "minimumAmount": "5.00",
        },
    ],
}
USED: Final = (
    ("API_CALLS", "4000", "gateway", "endpoint", "eng"),
    ("API_CALLS", "1500", "reports", "job", "sales"),
    ("COMPUTE_SECONDS", "1800", "training", "job", "ml"),
    ("API_CALLS", "250", "", "", ""),
)


def costs(story: Story) -> None:
    """Take a tenant on, book its usage to cost centers, and look at what it costs."""
    story.call("POST", "/plans", PLAN, status=201)
    tenant = story.call("POST", "/tenants", {"name": "Globex"}, status=201).json()["id"]
    real = f"/realtime-cost/tenants/{tenant}"
    for operation, path in (
        ("current_cost", "current"),
        ("cost_by_resource", "by-resource"),
        ("cost_timeline", "timeline"),
        ("stream_cost", "stream"),
    ):
        story.tell(operation, "Not subscribed", "GET", f"{real}/{path}", status=404)
    estimate = f"/tenants/{tenant}/billing/estimate"
    story.tell("estimate_billing", "Not subscribed", "GET", estimate, status=404)
    story.call("POST", f"/tenants/{tenant}/subscriptions", {"planId": "metered"}, status=201)
    made = centers(story, tenant)
    use(story, tenant)
    story.tell("current_cost", "So far", "GET", f"{real}/current")
    by_resource = f"{real}/by-resource?groupBy="
    story.tell("cost_by_resource", "By resource", "GET", f"{by_resource}resource")
    story.tell("cost_by_resource", "By cost center", "GET", f"{by_resource}costCenter")
    hours = f"{real}/timeline?granularity=HOUR"
    story.tell("cost_timeline", "By the hour", "GET", hours)
    story.tell("estimate_billing", "On the first day", "GET", estimate)
    spends(story, tenant, made)
    allocation(story, tenant, made)
    stream(story, real)


def centers(story: Story, tenant: str) -> dict[str, str]:
    create = "create_cost_center"
    top = {"tenantId": tenant, "name": "Engineering", "code": "eng", "budget": "100.00"}
    made = {"eng": story.tell(create, "A department", "POST", "/cost-centers", top, status=201)}
    below = {
        "tenantId": tenant,
        "name": "Machine learning",
        "code": "ml",
        "description": "Training and evaluation",
        "parentId": made["eng"]["id"],
        "budget": "40.00",
    }
    made["ml"] = story.tell(create, "Below it", "POST", "/cost-centers", below, status=201)
    story.tell(create, "Again", "POST", "/cost-centers", below, status=409)
    with patch.object(services, "MOST", 2):
        story.tell(create, "Full", "POST", "/cost-centers", {**top, "code": "x"}, status=409)
    sales = {"tenantId": tenant, "name": "Sales", "code": "sales"}
    made["sales"] = story.call("POST", "/cost-centers", sales, status=201).json()
    return {code: center["id"] for code, center in made.items()}


def use(story: Story, tenant: str) -> None:
    for number, (metric, quantity, resource, kind, center) in enumerate(USED):
        event = {"metricType": metric, "quantity": quantity, "eventId": f"globex-{number}"}
        names = {"resourceId": resource, "resourceType": kind, "costCenterCode": center}
        event |= {name: value for name, value in names.items() if value}
        story.call("POST", f"/tenants/{tenant}/usage", event, status=201)


def spends(story: Story, tenant: str, made: dict[str, str]) -> None:
    listed = f"/cost-centers/tenants/{tenant}"
    story.tell("list_cost_centers", "The tree", "GET", f"{listed}?tree=true")
    story.tell("list_cost_centers", "A page", "GET", f"{listed}?size=1&sort=code&direction=asc")
    path = f"/cost-centers/{made['ml']}"
    story.tell("get_cost_center", "With its spend", "GET", path)
    change = {"name": "Machine learning and data", "budget": "60.00"}
    story.tell("update_cost_center", "A larger budget", "PUT", path, change)
    story.tell("update_cost_center", "Code taken", "PUT", path, {"code": "eng"}, status=409)
    top = f"/cost-centers/{made['eng']}"
    story.tell("delete_cost_center", "Others below", "DELETE", top, status=409)
    story.tell("delete_cost_center", "Deactivated: it has usage", "DELETE", path, status=204)


def allocation(story: Story, tenant: str, made: dict[str, str]) -> None:
    create = "create_allocation_rule"
    body = {
        "tenantId": tenant,
        "name": "Calls that name nobody",
        "metricType": "API_CALLS",
        "method": "PERCENTAGE",
        "shares": [
            {"costCenterId": made["eng"], "percent": "60"},
            {"costCenterId": made["sales"], "percent": "40"},
        ],
    }
    rule = story.tell(create, "By percentages", "POST", "/allocation-rules", body, status=201)
    story.tell(create, "Again", "POST", "/allocation-rules", body, status=409)
    with patch.object(rules, "MOST", 1):
        story.tell(create, "Full", "POST", "/allocation-rules", body, status=409)
    by_share = {
        "tenantId": tenant,
        "name": "The platform, by calls",
        "sourceCostCenterId": made["ml"],
        "method": "METER_SHARE",
        "byMetricType": "API_CALLS",
    }
    name = "By the share of a meter"
    second = story.tell(create, name, "POST", "/allocation-rules", by_share, status=201)
    listed = f"/allocation-rules/tenants/{tenant}?size=2"
    story.tell("list_allocation_rules", "All", "GET", listed)
    path = f"/allocation-rules/{rule['id']}"
    end = {"validUntil": "2026-04-15T00:00:00Z"}
    story.tell("update_allocation_rule", "Ended", "PUT", path, end)
    later = {**body, "validFrom": "2026-04-15T00:00:00Z"}
    story.call("POST", "/allocation-rules", later, status=201)
    back = {"validUntil": None}
    story.tell("update_allocation_rule", "Another follows", "PUT", path, back, status=409)
    gone = f"/allocation-rules/{second['id']}"
    story.tell("delete_allocation_rule", "Of this period", "DELETE", gone, status=204)
    by_center(story, tenant)
    story.at("2026-05-02T00:00:00+00:00")
    refused = "Of a period that is invoiced"
    story.tell("delete_allocation_rule", refused, "DELETE", path, status=409)


def by_center(story: Story, tenant: str) -> None:
    """Show an invoice by cost center."""
    draft = story.call("POST", f"/tenants/{tenant}/invoices", {}, status=201).json()
    centers_of = f"/invoices/{draft['id']}/cost-centers"
    story.tell("get_invoice_cost_centers", "A draft", "GET", centers_of)
    story.tell("get_invoice_cost_centers_csv", "A draft", "GET", f"{centers_of}.csv")


def stream(story: Story, real: str) -> None:
    """Follow a stream that ends at once; no more than its head is kept."""
    asked = {"method": "GET", "path": f"{BASE}{real}/stream"}
    with patch.dict(settings.BILLING, {"BILLING_STREAM_SECONDS": 0}):
        response = story.call("GET", f"{real}/stream", status=200)
        assert b"event: current" in b"".join(response.streaming_content)
    story.keep("stream_cost", "Opened", asked, response)
    with patch.dict(settings.BILLING, {"BILLING_STREAMS_PER_TENANT": 0}):
        story.tell("stream_cost", "Too many", "GET", f"{real}/stream", status=429)
    with patch.dict(settings.BILLING, {"BILLING_STREAMS": 0}):
        story.tell("stream_cost", "Full", "GET", f"{real}/stream", status=503)
