"""The story: a company sets its catalogue up, takes a customer on, bills it."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

from billing.kernel import clock, liveness
from customers.models import Customer, Membership
from invoicing import test_clocks as clock_work
from invoicing.pdf.rendering import render_due
from tests.api.platform.examples import METER_PATCH, METER_REQUEST, PLAN_PATCH, PLAN_REQUEST
from tests.api.story import team
from tests.api.story.administration import administration
from tests.api.story.alerts import alerts
from tests.api.story.collection import collect
from tests.api.story.costs import costs
from tests.api.story.later import LATER
from tests.api.story.life import life
from tests.api.story.limits import limits
from tests.api.story.quotas import quotas
from tests.api.story.recorder import Story
from tests.api.story.taxes import taxes
from tests.api.story.webhooks import webhooks
from tests.scenarios.world import token

NOWHERE = "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"
PAY_AS_YOU_GO: dict[str, Any] = {
    "code": "payg",
    "name": "Pay as you go",
    "currency": "EUR",
    "interval": "MONTH",
    "price": "20.00",
    "charges": [
        {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.0004"},
        {
            "metricType": "ML_INFERENCE_REQUESTS",
            "model": "VOLUME",
            "tiers": [
                {"upTo": "10000", "unitPrice": "0.002"},
                {"upTo": None, "unitPrice": "0.0015"},
            ],
        },
        {
            "metricType": "PIPELINE_RUNS",
            "model": "STAIRCASE",
            "tiers": [{"upTo": "100", "flatFee": "0"}, {"upTo": None, "flatFee": "25"}],
        },
        {"metricType": "TOKENS", "model": "PERCENTAGE", "rate": "1.5", "fixedFee": "0.25"},
    ],
}
CALLS: dict[str, Any] = {
    "metricType": "API_CALLS",
    "quantity": 1200,
    "eventId": "req-8f14e45f",
    "timestamp": "2026-03-10T11:58:00Z",
    "resourceId": "gateway-eu",
    "metadata": {"region": "eu"},
}
BATCH: list[dict[str, Any]] = [
    {
        "metricType": "ML_INFERENCE_REQUESTS",
        "quantity": "12500",
        "eventId": "inference-2026-03-09",
        "timestamp": "2026-03-09T23:59:59+01:00",
    },
    {"metricType": "PIPELINE_RUNS", "eventId": "run-17", "resourceId": "nightly"},
]
BERLIN: dict[str, Any] = {
    "name": "Acme Analytics",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "billingEmail": "billing@acme.example",
    "address": {
        "line1": "Torstraße 1",
        "city": "Berlin",
        "postalCode": "10119",
        "country": "DE",
    },
    "taxId": "DE123456789",
    "budget": "500.00",
}


def tell(story: Story) -> None:
    """Tell all of it, in order."""
    health(story)
    meters(story)
    plans(story)
    tenant = tenants(story)
    subscription = subscriptions(story, tenant)
    usage(story, tenant)
    invoices(story, tenant, subscription)
    life(story, tenant, subscription)
    collect(story, tenant, subscription)
    webhooks(story)
    alerts(story)
    clocks(story)
    administration(story)
    team.tell(story)
    refusals(story, tenant)
    taxes(story)
    limits(story)
    quotas(story)
    costs(story)


def health(story: Story) -> None:
    liveness.beat(now=clock.now())
    story.tell("healthz", "Alive", "GET", "/healthz")
    story.tell("readyz", "Ready", "GET", "/readyz")


def meters(story: Story) -> None:
    story.tell("create_meter", "Tokens", "POST", "/meters", METER_REQUEST, status=201)
    story.tell("create_meter", "Again", "POST", "/meters", METER_REQUEST, status=409)
    query = "/meters?active=true&sort=metricType&direction=asc&size=3"
    story.tell("list_meters", "Three of those that are active", "GET", query)
    story.tell("get_meter", "Storage", "GET", "/meters/STORAGE_BYTES")
    story.tell("update_meter", "Rename and retire", "PATCH", "/meters/TOKENS", METER_PATCH)
    story.call("PATCH", "/meters/TOKENS", {"isActive": True}, status=200)


def plans(story: Story) -> None:
    made = story.tell("create_plan", "Pro", "POST", "/plans", PLAN_REQUEST, status=201)
    story.tell("create_plan", "Pay as you go", "POST", "/plans", PAY_AS_YOU_GO, status=201)
    story.tell("create_plan", "Again", "POST", "/plans", PLAN_REQUEST, status=409)
    story.tell(
        "list_plans", "The first", "GET", "/plans?active=true&sort=code&direction=asc&size=1"
    )
    story.tell("get_plan", "Pro", "GET", "/plans/pro")
    story.tell("update_plan", "A new price and name", "PATCH", "/plans/pro", PLAN_PATCH)
    old = f"/plans/{made['id']}"
    story.tell("update_plan", "An old version", "PATCH", old, {"price": "1.00"}, status=409)
    story.call("POST", "/plans", {**PAY_AS_YOU_GO, "code": "free", "isDefault": True}, status=201)
    story.tell("archive_plan", "Pro", "POST", "/plans/pro/archive")
    story.tell("archive_plan", "The default", "POST", "/plans/free/archive", status=409)
    story.tell("update_plan", "Default", "PATCH", "/plans/pro", {"isDefault": True}, status=409)
    in_use = {"aggregation": "MAX"}
    story.tell("update_meter", "In use", "PATCH", "/meters/TOKENS", in_use, status=409)


def tenants(story: Story) -> str:
    made = story.tell("create_tenant", "A tenant in Berlin", "POST", "/tenants", BERLIN, status=201)
    path = f"/tenants/{made['id']}"
    story.tell("get_tenant", "A tenant in Berlin", "GET", path)
    story.tell("list_tenants", "Found by its name", "GET", "/tenants?name=Acme%20Analytics")
    change = {"billingEmail": "accounts@acme.example", "budget": None}
    story.tell("update_tenant", "Another address for bills, no budget", "PATCH", path, change)
    return str(made["id"])


def subscriptions(story: Story, tenant: str) -> str:
    path = f"/tenants/{tenant}/subscriptions"
    create = "create_subscription"
    live = f"/tenants/{tenant}/subscription"
    story.tell("get_subscription", "None", "GET", live, status=404)
    story.tell(create, "Archived", "POST", path, {"planId": "pro"}, status=409)
    story.call("PATCH", "/plans/pro", {"isActive": True}, status=200)
    story.tell(create, "Other currency", "POST", path, {"planId": "pro"}, status=409)
    made = story.tell(create, "Pay as you go", "POST", path, {"planId": "payg"}, status=201)
    story.tell(create, "Again", "POST", path, {"planId": "payg"}, status=409)
    story.tell("get_subscription", "The live one", "GET", live)
    story.tell("list_subscriptions", "The live one", "GET", f"{path}?status=ACTIVE")
    change = {"currency": "USD"}
    story.tell("update_tenant", "Subscribed", "PATCH", f"/tenants/{tenant}", change, status=409)
    return str(made["id"])


def usage(story: Story, tenant: str) -> None:
    path = f"/tenants/{tenant}/usage"
    story.at("2026-03-10T12:00:00+00:00")
    record = "record_usage"
    story.tell(record, "Three calls", "POST", path, CALLS, status=201)
    story.tell(record, "Sent again", "POST", path, CALLS)
    retire = {"isActive": False}
    story.call("PATCH", "/meters/DASHBOARD_VIEWS", retire, status=200)
    users = {"metricType": "ACTIVE_USERS", "quantity": 1}
    for name, event in (
        ("Unknown", {"metricType": "API_CALL"}),
        ("Inactive", {"metricType": "DASHBOARD_VIEWS"}),
        ("Unit", {**CALLS, "eventId": "req-2", "unit": "bytes"}),
        ("Center", {**CALLS, "eventId": "req-3", "costCenterCode": "none"}),
        ("Negative", {**CALLS, "eventId": "req-4", "quantity": "-1"}),
        ("No sum", {**users, "quantity": "-1", "correction": True, "userId": "u1"}),
        ("Ahead", {**CALLS, "eventId": "req-5", "timestamp": "2027-01-01T00:00:00Z"}),
        ("Old", {**CALLS, "eventId": "req-6", "timestamp": "2020-01-01T00:00:00Z"}),
        ("No user", users),
    ):
        story.tell(record, name, "POST", path, event, status=400)
    batch = "record_usage_batch"
    story.tell(batch, "Two events", "POST", f"{path}/batch", BATCH, status=201)
    partly = {"events": [BATCH[0], {"metricType": "API_CALL", "eventId": "req-7"}]}
    story.tell(batch, "One of them again, one unknown", "POST", f"{path}/batch", partly, status=207)
    story.tell(batch, "None", "POST", f"{path}/batch", partly["events"][1:], status=400)
    story.tell("summarize_usage", "The current period", "GET", f"{path}/summary")
    by_resource = f"{path}/summary?metricType=API_CALLS&groupBy=resource"
    story.tell("summarize_usage", "By resource", "GET", by_resource)
    story.tell("summarize_usage", "Unknown", "GET", f"{path}/summary?metricType=X", status=404)
    story.tell("list_usage_events", "A page of two", "GET", f"{path}/events?limit=2")
    story.tell("void_usage_event", "A run", "DELETE", f"{path}/events/run-17", status=204)


def invoices(story: Story, tenant: str, subscription: str) -> None:
    path = f"/tenants/{tenant}/invoices"
    story.at("2026-03-20T12:00:00+00:00")
    story.tell("preview_billing", "In the period", "GET", f"/tenants/{tenant}/billing/preview")
    body = {"subscriptionId": subscription}
    draft = story.tell("generate_invoice", "The open period", "POST", path, body, status=201)
    story.tell("generate_invoice", "Again", "POST", path, body, status=409)
    unknown = {"periodStart": "2020-01-01T00:00:00Z"}
    story.tell("generate_invoice", "No such period", "POST", path, unknown, status=400)
    invoice = f"/invoices/{draft['id']}"
    void = {"reason": "The period is billed at its end."}
    story.tell("void_invoice", "A draft", "POST", f"{invoice}/void", void)
    story.tell("void_invoice", "Again", "POST", f"{invoice}/void", void, status=409)
    again = story.call("POST", path, {}, status=201).json()
    invoice = f"/invoices/{again['id']}"
    story.tell("finalize_invoice", "A draft", "POST", f"{invoice}/finalize")
    story.tell("finalize_invoice", "Again", "POST", f"{invoice}/finalize", status=409)
    story.tell("get_invoice", "Finalized", "GET", invoice)
    story.tell("list_invoices", "Those to be paid", "GET", f"{path}?status=PENDING&size=1")
    render_due(now=LATER)
    story.tell("get_invoice_pdf", "Finalized", "GET", f"{invoice}/pdf")


def clocks(story: Story) -> None:
    begin = {"frozenTime": "2026-01-31T00:00:00Z", "name": "A year of Acme"}
    made = story.tell("create_test_clock", "A year", "POST", "/test-clocks", begin, status=201)
    path = f"/test-clocks/{made['id']}"
    on_clock = {"name": "Acme", "currency": "EUR", "testClockId": made["id"]}
    tenant = story.call("POST", "/tenants", on_clock, status=201).json()["id"]
    plan = {"planId": "payg"}
    story.call("POST", f"/tenants/{tenant}/subscriptions", plan, status=201)
    onward = {"frozenTime": "2026-03-01T00:00:00Z"}
    advance = "advance_test_clock"
    with patch.dict(clock_work.advance.__kwdefaults__, {"budget": 0.0}):  # no time for the work
        story.tell(advance, "Much to do", "POST", f"{path}/advance", onward, status=202)
    story.tell(advance, "A month on", "POST", f"{path}/advance", onward)
    story.tell("get_test_clock", "Ready", "GET", path)
    story.tell("delete_test_clock", "With its tenants", "DELETE", path, status=204)


def refusals(story: Story, tenant: str) -> None:
    """Provoke what any operation may answer; each stands for all of its kind."""
    create = "create_tenant"
    wrong = {"name": "", "currency": "EURO", "nmae": "Acme"}
    story.tell(create, "Wrong", "POST", "/tenants", wrong, status=400)
    key = {"Idempotency-Key": "acme-2026"}
    first = {"name": "Acme"}
    story.call("POST", "/tenants", first, status=201, headers={**story.admin, **key})
    second = {"name": "Another"}
    story.tell(create, "Key", "POST", "/tenants", second, status=409, headers=key)
    keep_raw(story, b'{"name": ', status=400)
    keep_raw(story, b'{"name": "' + b"x" * (10 * 1024 * 1024) + b'"}', status=413)
    keep_raw(story, b"name=Acme", status=415, kind="text/plain")
    both = {**story.admin, "api-key": "k", "api-secret": "s"}
    keep_raw(story, b"{}", status=400, headers=both)
    keep_raw(story, b"{}", status=401, headers={})
    keep_raw(story, b"{}", status=401, headers={"Authorization": "Bearer nonsense"})
    member = {"Authorization": f"Bearer {member_of(tenant)}"}
    keep_raw(story, b"{}", status=403, headers=member)
    for operation, path, status, headers in (
        ("get_tenant", f"/tenants/{NOWHERE}", 404, story.admin),
        ("get_tenant", f"/tenants/{NOWHERE}", 403, member),
        ("get_invoice", f"/invoices/{NOWHERE}", 404, story.admin),
    ):
        response = story.call("GET", path, status=status, headers=headers)
        story.keep(operation, "Refused", {"method": "GET", "path": path}, response)


def keep_raw(
    story: Story,
    raw: bytes,
    *,
    status: int,
    kind: str = "application/json",
    headers: dict[str, str] | None = None,
) -> None:
    given = {**(story.admin if headers is None else headers), "Content-Type": kind}
    response = story.call("POST", "/tenants", raw=raw, status=status, headers=given)
    story.keep("create_tenant", "Refused", {"method": "POST", "path": "/tenants"}, response)


def member_of(tenant: str) -> str:
    """Make a user of the tenant's own customer, and return its token."""
    user = uuid4()
    at = clock.now()
    customer = Customer.objects.create(
        account_id=UUID(tenant), name="Acme", email="a@acme.example", created_at=at
    )
    for member, role in ((uuid4(), 0), (user, 2)):
        Membership.objects.create(customer=customer, user_id=member, role=role, created_at=at)
    return token(user=str(user))
