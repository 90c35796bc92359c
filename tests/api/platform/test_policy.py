"""Who may do what on surface B, as one table: each endpoint against each caller."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import pytest
from django.test import Client

from billing.accounts import keys
from billing.models import Account, Meter, UsageQuota
from costs.models import AllocationRule
from customers.models import Customer, Membership
from tenants.models import CostCenter
from tests.factories import LONG_AGO
from tests.remembered import remembered
from tests.scenarios.world import World, token

# Each row: method, path, body, and who may (all others are refused with 403).
EVERYONE: Final = "admin owner teamadmin user service key:read key:write key:usage"
READERS: Final = "admin owner teamadmin user key:read key:write"
MANAGERS: Final = "admin owner teamadmin key:write"
OWNERS: Final = "admin owner key:write"
ADMIN: Final = "admin"
RECORDERS: Final = "admin service key:usage"
RULE: Final = {"tenantId": "{tenant}", "name": "x", "method": "METER_SHARE"}
ASKERS: Final = "admin owner teamadmin user service key:read key:write key:usage"
QUOTA: Final = {"tenantId": "{tenant}", "resourceType": "DASHBOARD_VIEWS", "quotaLimit": "10"}
POLICY: Final[list[tuple[str, str, Any, str]]] = [
    ("get", "/meters", None, EVERYONE),
    ("post", "/meters", {}, ADMIN),
    ("get", "/plans", None, EVERYONE),
    ("post", "/plans", {}, ADMIN),
    ("get", "/tenants", None, ADMIN),
    ("post", "/tenants", {}, ADMIN),
    ("get", "/tenants/{tenant}", None, READERS),
    ("patch", "/tenants/{tenant}", {}, MANAGERS),
    ("get", "/tenants/{tenant}/subscription", None, READERS),
    ("get", "/tenants/{tenant}/subscriptions", None, READERS),
    ("post", "/tenants/{tenant}/subscriptions", {}, OWNERS),
    ("post", "/tenants/{tenant}/usage", {}, RECORDERS),
    ("post", "/tenants/{tenant}/usage/batch", {}, RECORDERS),
    ("get", "/tenants/{tenant}/usage/summary", None, READERS),
    ("get", "/tenants/{tenant}/usage/events", None, READERS),
    ("delete", "/tenants/{tenant}/usage/events/{event}", None, ADMIN),
    ("get", "/tenants/{tenant}/billing/preview", None, READERS),
    ("get", "/tenants/{tenant}/billing/estimate", None, READERS),
    ("get", "/tenants/{tenant}/invoices", None, READERS),
    ("post", "/tenants/{tenant}/invoices", {}, ADMIN),
    ("get", "/invoices/{invoice}", None, READERS),
    ("get", "/invoices/{invoice}/pdf", None, READERS),
    ("get", "/invoices/{invoice}/einvoice", None, READERS),
    ("post", "/invoices/{invoice}/finalize", {"no": 1}, ADMIN),
    ("post", "/invoices/{invoice}/void", {"no": 1}, ADMIN),
    ("post", "/subscriptions/{subscription}/change-plan", {"no": 1}, OWNERS),
    ("post", "/subscriptions/{subscription}/cancel", {"no": 1}, OWNERS),
    ("post", "/subscriptions/{subscription}/reactivate", {"no": 1}, OWNERS),
    ("post", "/subscriptions/{subscription}/pause", {"no": 1}, OWNERS),
    ("post", "/subscriptions/{subscription}/resume", {"no": 1}, OWNERS),
    ("post", "/subscriptions/{subscription}/discount", {"no": 1}, ADMIN),
    ("get", "/coupons", None, ADMIN),
    ("post", "/coupons", {}, ADMIN),
    ("get", "/coupons/{coupon}", None, ADMIN),
    ("post", "/coupons/{coupon}/deactivate", {"no": 1}, ADMIN),
    ("post", "/coupons/validate", {"code": "ten", "tenantId": "{tenant}"}, MANAGERS),
    ("post", "/coupons/redeem", {"code": "none", "tenantId": "{tenant}"}, MANAGERS),
    ("post", "/quotas", QUOTA, MANAGERS),
    ("get", "/quotas/{quota}", None, ASKERS),
    ("put", "/quotas/{quota}", {"no": 1}, MANAGERS),
    ("put", "/quotas/{given}", {"no": 1}, ADMIN),
    ("get", "/quotas/tenants/{tenant}", None, ASKERS),
    ("get", "/quotas/tenants/{tenant}/check", None, ASKERS),
    ("post", "/tenants/{tenant}/quotas/reservations", {}, RECORDERS),
    ("get", "/tenants/{tenant}/quotas/reservations/{reservation}", None, ASKERS),
    ("post", "/tenants/{tenant}/quotas/reservations/{reservation}/commit", {"no": 1}, RECORDERS),
    ("post", "/tenants/{tenant}/quotas/reservations/{reservation}/release", {"no": 1}, RECORDERS),
    ("get", "/invoices/{invoice}/payments", None, READERS),
    ("post", "/invoices/{invoice}/payments", {}, ADMIN),
    ("post", "/invoices/{invoice}/mark-uncollectible", {"no": 1}, ADMIN),
    ("get", "/invoices/{invoice}/credit-notes", None, READERS),
    ("post", "/invoices/{invoice}/credit-notes", {}, ADMIN),
    ("get", "/credit-notes/{note}", None, READERS),
    ("get", "/credit-notes/{note}/pdf", None, READERS),
    ("get", "/tenants/{tenant}/credits", None, READERS),
    ("post", "/subscriptions/{subscription}/credits", {}, ADMIN),
    ("post", "/cost-centers", {"tenantId": "{tenant}", "name": "x", "code": "new"}, MANAGERS),
    ("get", "/cost-centers/tenants/{tenant}", None, READERS),
    ("get", "/cost-centers/{center}", None, READERS),
    ("put", "/cost-centers/{center}", {"no": 1}, MANAGERS),
    ("delete", "/cost-centers/{center}", None, MANAGERS),
    ("get", "/realtime-cost/tenants/{tenant}/current", None, READERS),
    ("get", "/realtime-cost/tenants/{tenant}/by-resource", None, READERS),
    ("get", "/realtime-cost/tenants/{tenant}/timeline", None, READERS),
    ("get", "/realtime-cost/tenants/{tenant}/stream", None, READERS),
    ("get", "/allocation-rules/tenants/{tenant}", None, READERS),
    (
        "post",
        "/allocation-rules",
        {**RULE, "byMetricType": "API_CALLS", "metricType": "PIPELINE_RUNS"},
        MANAGERS,
    ),
    ("put", "/allocation-rules/{rule}", {"no": 1}, MANAGERS),
    ("delete", "/allocation-rules/{rule}", None, MANAGERS),
    ("get", "/invoices/{invoice}/cost-centers", None, READERS),
    ("get", "/invoices/{invoice}/cost-centers.csv", None, READERS),
    ("post", "/stripe/checkout", {"tenantId": "{tenant}", "planId": "{plan}"}, OWNERS),
    ("post", "/stripe/portal", {"tenantId": "{tenant}"}, OWNERS),
    ("post", "/invoices/{invoice}/payment-intent", {"no": 1}, OWNERS),
    ("post", "/test-clocks", {}, ADMIN),
    ("get", "/test-clocks/{clock}", None, ADMIN),
    ("get", "/realtime-cost/tenants/{tenant}/alerts", None, READERS),
    ("post", "/realtime-cost/tenants/{tenant}/alerts", {}, MANAGERS),
    ("get", "/realtime-cost/alerts/{alert}", None, READERS),
    ("post", "/realtime-cost/alerts/{alert}/dismiss", {"no": 1}, MANAGERS),
    ("get", "/tenants/{tenant}/webhooks", None, READERS),
    ("post", "/tenants/{tenant}/webhooks", {}, MANAGERS),
    ("get", "/webhooks", None, ADMIN),
    ("post", "/webhooks", {}, ADMIN),
    ("get", "/webhooks/{webhook}", None, READERS),
    ("patch", "/webhooks/{webhook}", {"no": 1}, MANAGERS),
    ("post", "/webhooks/{webhook}/rotate-secret", {"no": 1}, MANAGERS),
    ("post", "/webhooks/{webhook}/test", {"no": 1}, MANAGERS),
    ("get", "/webhooks/{webhook}/deliveries", None, READERS),
    ("get", "/webhook-deliveries/{delivery}", None, READERS),
    ("post", "/webhook-deliveries/{delivery}/replay", {"no": 1}, MANAGERS),
    ("post", "/test-clocks/{clock}/advance", {}, ADMIN),
    ("delete", "/test-clocks/{spare}", None, ADMIN),
]

ALERT: Final = {"thresholdType": "ABSOLUTE", "thresholdAmount": "10.00"}
HIDDEN: Final = (
    "alert",
    *("invoice", "note", "subscription", "center", "rule", "quota", "given"),
    *("webhook", "delivery"),
)
TEN: Final = {"code": "ten", "discountType": "PERCENTAGE", "discountValue": "10"}
SCOPES: Final = ("billing:read", "billing:write", "usage:write")
People = dict[tuple[bool, int], str]
CALLERS: Final = (*EVERYONE.split(), "stranger", "nobody")


@pytest.fixture
def scene(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A customer with its team, an invoice, keys, and a stranger of another customer."""
    monkeypatch.setattr("invoicing.pdf.rendering.WAIT_SECONDS", 0)
    ids, people, api_keys = played()
    return {"ids": ids, "headers": headers(people, api_keys)}


@remembered
def played() -> tuple[dict[str, str], People, dict[str, dict[str, str]]]:
    """Make one of each thing; return their ids, the users by (own, role), and keys by scope."""
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    plan = world.plan()
    subscription = world.subscribe(plan)
    world.advance("2025-05-01T01:00:00Z")
    final = world.invoices()[0]["id"]
    part = {"amount": "1.00", "reason": "goodwill"}
    note = world.post(f"/invoices/{final}/credit-notes", part)["id"]
    invoice = world.post(f"/tenants/{world.tenant}/invoices")["id"]
    url = {"url": "https://hooks.example/"}
    hook = world.post(f"/tenants/{world.tenant}/webhooks", url, status=201)
    people = teams(world)
    ids = {
        "tenant": world.tenant,
        **quotas(world),
        "invoice": invoice,
        "note": note,
        "subscription": subscription["id"],
        "plan": plan,
        "coupon": world.post("/coupons", TEN, status=201)["id"],
        "clock": world.clock,
        "webhook": hook["id"],
        "alert": alert_of(world),
        "delivery": world.post(f"/webhooks/{hook['id']}/test", status=201)["id"],
        "spare": world.post("/test-clocks", {"frozenTime": "2025-04-01T00:00:00Z"})["id"],
        "event": world.use("API_CALLS", eventId="one")["eventId"],
        "center": owners_center(world),
        "rule": owners_rule(world),
    }
    return ids, people, {scope: key(people, scope) for scope in SCOPES}


def alert_of(world: World) -> str:
    made = world.post(f"/realtime-cost/tenants/{world.tenant}/alerts", ALERT, status=201)
    return str(made["id"])


def quotas(world: World) -> dict[str, str]:
    """Make a quota of the owner's, one that the operator has given, and a reservation."""
    quota = {"tenantId": world.tenant, "quotaLimit": "10", "resourceType": "PIPELINE_RUNS"}
    job = {"resourceType": "API_CALLS", "amount": "1", "ttlSeconds": 60}
    own = world.post("/quotas", quota, status=201)["id"]
    UsageQuota.objects.filter(pk=own).update(made_by_admin=False)
    given = world.post("/quotas", {**quota, "resourceType": "API_CALLS"}, status=201)["id"]
    path = f"/tenants/{world.tenant}/quotas/reservations"
    reserved = world.post(path, job, status=201)["reservationId"]
    return {"quota": own, "given": given, "reservation": reserved}


def teams(world: World) -> People:
    """Give the tenant and another one a team; return its users by (own, role)."""
    at = datetime(2025, 4, 1, tzinfo=UTC)
    people = {}
    for tenant, roles in ((world.tenant, (0, 1, 2)), (other_tenant(world), (0,))):
        Account.objects.filter(pk=tenant).update(customer_id=tenant)
        customer = Customer.objects.create(
            account_id=tenant, name="Acme", email="a@example.com", created_at=at
        )
        for role in roles:
            user = uuid4()
            Membership.objects.create(customer=customer, user_id=user, role=role, created_at=at)
            people[(tenant == world.tenant, role)] = str(user)
    return people


def owners_center(world: World) -> str:
    """Make a cost center that no deletion removes: it has usage."""
    center = CostCenter.objects.create(
        account_id=world.tenant, name="x", code="x", created_at=LONG_AGO, updated_at=LONG_AGO
    )
    world.use("API_CALLS", costCenterCode="x")
    return str(center.id)


def owners_rule(world: World) -> str:
    """Make a rule that is not deleted: it held in a period that is invoiced."""
    at = {"valid_from": LONG_AGO, "created_at": LONG_AGO}
    meter = Meter.objects.get(metric_type="API_CALLS")
    fields = {"method": "METER_SHARE", "by_meter": meter, **at}
    return str(AllocationRule.objects.create(account_id=world.tenant, name="x", **fields).id)


def other_tenant(world: World) -> str:
    return str(world.post("/tenants", {"name": "Another"})["id"])


def key(people: People, scope: str) -> dict[str, str]:
    made, secret = keys.create_api_key(
        user_id=people[(True, 0)],  # type: ignore[arg-type]
        scopes=[scope],
        now=datetime(2025, 4, 1, tzinfo=UTC),
    )
    return {"api-key": made.key, "api-secret": secret}


def headers(people: People, api_keys: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    def bearer(*roles: str, user: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(*roles, user=user)}"}

    return {
        "admin": bearer("billing_admin"),
        "owner": bearer(user=people[(True, 0)]),
        "teamadmin": bearer(user=people[(True, 1)]),
        "user": bearer(user=people[(True, 2)]),
        "service": bearer("service"),
        "key:read": api_keys["billing:read"],
        "key:write": api_keys["billing:write"],
        "key:usage": api_keys["usage:write"],
        "stranger": bearer(user=people[(False, 0)]),
        "nobody": {},
    }


@pytest.mark.parametrize(("method", "path", "body", "allowed"), POLICY, ids=lambda v: str(v)[:40])
def test_policy(scene: dict[str, Any], method: str, path: str, body: Any, allowed: str) -> None:
    send: Callable[..., Any] = getattr(Client(), method)

    seen = {}
    for caller in CALLERS:
        kwargs: dict[str, Any] = {"headers": scene["headers"][caller]}
        if body is not None:
            given = {name: str(value).format(**scene["ids"]) for name, value in body.items()}
            kwargs |= {"data": given, "content_type": "application/json"}
        response = send("/api/v1/billing" + path.format(**scene["ids"]), **kwargs)
        seen[caller] = verdict(response.status_code)

    open_to_all = "{" not in path and allowed is EVERYONE
    may = {*allowed.split(), *(["stranger"] if open_to_all else [])}
    expected = {caller: "allowed" if caller in may else "refused" for caller in CALLERS}
    # A thing of another tenant's is not there, rather than forbidden.
    is_hidden = any(f"{{{place}}}" in path for place in HIDDEN)
    expected["stranger"] = "hidden" if is_hidden else expected["stranger"]
    expected["nobody"] = "unknown"
    if need_is_admin(allowed) and is_hidden and "{given}" not in path:
        expected["stranger"] = "refused"
    assert seen == expected


def need_is_admin(allowed: str) -> bool:
    return allowed == ADMIN


def verdict(status: int) -> str:
    """Say what a status means for the caller; a refused body is an allowed caller's."""
    return {401: "unknown", 403: "refused", 404: "hidden"}.get(status, "allowed")
