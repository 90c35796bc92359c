"""Who may do what on surface B, as one table: each endpoint against each caller."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import pytest
from django.test import Client

from billing.accounts import keys
from billing.models import Account, Meter
from costs.models import AllocationRule
from customers.models import Customer, Membership
from tenants.models import CostCenter
from tests.factories import LONG_AGO
from tests.scenarios.world import World, token

# Each row: method, path, body, and who may (all others are refused with 403).
EVERYONE: Final = "admin owner teamadmin user service key:read key:write key:usage"
READERS: Final = "admin owner teamadmin user key:read key:write"
MANAGERS: Final = "admin owner teamadmin key:write"
OWNERS: Final = "admin owner key:write"
ADMIN: Final = "admin"
RECORDERS: Final = "admin service key:usage"
RULE: Final = {"tenantId": "{tenant}", "name": "x", "method": "METER_SHARE"}
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
    ("post", "/test-clocks", {}, ADMIN),
    ("get", "/test-clocks/{clock}", None, ADMIN),
    ("post", "/test-clocks/{clock}/advance", {}, ADMIN),
    ("delete", "/test-clocks/{spare}", None, ADMIN),
]

TEN: Final = {"code": "ten", "discountType": "PERCENTAGE", "discountValue": "10"}
HIDDEN: Final = ("{invoice}", "{note}", "{subscription}", "{center}", "{rule}")
CALLERS: Final = (*EVERYONE.split(), "stranger", "nobody")


@pytest.fixture
def scene(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A customer with its team, an invoice, keys, and a stranger of another customer."""
    monkeypatch.setattr("invoicing.pdf.rendering.WAIT_SECONDS", 0)
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    subscription = world.subscribe(world.plan())
    world.advance("2025-05-01T01:00:00Z")
    final = world.invoices()[0]["id"]
    part = {"amount": "1.00", "reason": "goodwill"}
    note = world.post(f"/invoices/{final}/credit-notes", part)["id"]
    invoice = world.post(f"/tenants/{world.tenant}/invoices")["id"]
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
    return {
        "ids": {
            "tenant": world.tenant,
            "invoice": invoice,
            "note": note,
            "subscription": subscription["id"],
            "coupon": world.post("/coupons", TEN, status=201)["id"],
            "clock": world.clock,
            "spare": world.post("/test-clocks", {"frozenTime": "2025-04-01T00:00:00Z"})["id"],
            "event": world.use("API_CALLS", eventId="one")["eventId"],
            "center": owners_center(world),
            "rule": owners_rule(world),
        },
        "headers": headers(people),
    }


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


def headers(people: dict[tuple[bool, int], str]) -> dict[str, dict[str, str]]:
    def bearer(*roles: str, user: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(*roles, user=user)}"}

    def key(scope: str) -> dict[str, str]:
        made, secret = keys.create_api_key(
            user_id=people[(True, 0)],  # type: ignore[arg-type]
            scopes=[scope],
            now=datetime(2025, 4, 1, tzinfo=UTC),
        )
        return {"api-key": made.key, "api-secret": secret}

    return {
        "admin": bearer("billing_admin"),
        "owner": bearer(user=people[(True, 0)]),
        "teamadmin": bearer(user=people[(True, 1)]),
        "user": bearer(user=people[(True, 2)]),
        "service": bearer("service"),
        "key:read": key("billing:read"),
        "key:write": key("billing:write"),
        "key:usage": key("usage:write"),
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
    is_hidden = any(place in path for place in HIDDEN)
    expected["stranger"] = "hidden" if is_hidden else expected["stranger"]
    expected["nobody"] = "unknown"
    if need_is_admin(allowed) and is_hidden:
        expected["stranger"] = "refused"
    assert seen == expected


def need_is_admin(allowed: str) -> bool:
    return allowed == ADMIN


def verdict(status: int) -> str:
    """Say what a status means for the caller; a refused body is an allowed caller's."""
    return {401: "unknown", 403: "refused", 404: "hidden"}.get(status, "allowed")
