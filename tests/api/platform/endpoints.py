"""Every endpoint that takes a JSON object, as one table that the tests of bad input run over.

A new endpoint is a row: its valid body, and which of its fields are of which kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.api.platform.endpoint import Endpoint
from tests.api.platform.plan_bodies import charge, plan
from tests.client import PORTAL

HOOK: Final = {"url": "https://hooks.example/", "eventTypes": ["invoice.*"]}
HOOK_TEXTS: Final = ("url", "description", "eventTypes[0]")
METER: Final = {"metricType": "TOKENS", "name": "Tokens", "aggregation": "SUM"}
NESTED: Final = ("charges[0].unitPrice", "charges[0].includedQuantity", "charges[0].minimumAmount")
PLAN_DECIMALS: Final = ("price", "minimumCommitment", *NESTED)
PLAN_TEXTS: Final = ("name", "description", "charges[0].description", "charges[0].taxCategory")

USER: Final = "019a2f6e-8c1b-7a40-b2c9-00000000cafe"
MEMBER: Final = {"userID": USER, "role": "user"}
PAGES: Final = {"successURL": "https://a.example/ok", "cancelURL": "https://a.example/no"}
TEAMS: Final = (
    Endpoint(
        method="POST",
        path="/customer",
        base=PORTAL,
        by="person",
        body={"email": "ap@acme.example"},
        texts=("email", "name", "billingAddress.street", "billingAddress.country"),
    ),
    Endpoint(
        method="POST",
        path="/customer/member",
        base=PORTAL,
        by="owner",
        body=MEMBER,
        ids=("userID",),
    ),
    Endpoint(
        method="PUT",
        path="/customer/member",
        base=PORTAL,
        by="owner",
        body=MEMBER,
        ids=("userID",),
    ),
    Endpoint(
        method="POST",
        path="/customer/transfer-ownership",
        base=PORTAL,
        by="owner",
        body={"newOwnerUserID": USER},
        ids=("newOwnerUserID",),
    ),
    Endpoint(
        method="POST",
        path="/admin/customer/{customer}/member",
        base=PORTAL,
        body=MEMBER,
        ids=("userID",),
    ),
    Endpoint(
        method="POST",
        path="/stripe/upgrade",
        base=PORTAL,
        by="owner",
        body={"tierID": USER, **PAGES},
        texts=("successURL", "cancelURL"),
        ids=("tierID",),
    ),
    Endpoint(method="POST", path="/stripe/payment-method", base=PORTAL, by="owner"),
)
ENDPOINTS: Final = (
    *TEAMS,
    Endpoint(
        method="POST",
        path="/tenants",
        body={"name": "Acme"},
        texts=("name", "timezone", "billingEmail", "taxId", "address.city"),
        decimals=("budget",),
        ids=("customerId", "testClockId"),
        currencies=("currency",),
    ),
    Endpoint(
        method="PATCH",
        path="/tenants/{tenant}",
        texts=("name", "timezone", "billingEmail", "taxId", "address.line1"),
        decimals=("budget",),
        currencies=("currency",),
    ),
    Endpoint(
        method="POST",
        path="/meters",
        body=METER,
        texts=("metricType", "name", "unit", "uniqueField"),
        flags=("isActive",),
    ),
    Endpoint(method="PATCH", path="/meters/API_CALLS", texts=("name", "unit"), flags=("isActive",)),
    Endpoint(
        method="POST",
        path="/plans",
        body=plan(code="new", charges=[charge()], limits=[]),
        texts=("code", *PLAN_TEXTS),
        decimals=PLAN_DECIMALS,
        wholes=("trialDays", "sortOrder"),
        flags=("payInAdvance", "isActive", "isDefault"),
        currencies=("currency",),
    ),
    Endpoint(
        method="PATCH",
        path="/plans/{plan}",
        body={"charges": [charge()]},
        texts=PLAN_TEXTS,
        decimals=PLAN_DECIMALS,
        wholes=("trialDays", "sortOrder"),
        flags=("payInAdvance", "isActive", "isDefault"),
        currencies=("currency",),
    ),
    Endpoint(method="POST", path="/plans/{plan}/archive"),
    Endpoint(
        method="POST",
        path="/tenants/{tenant}/subscriptions",
        body={"planId": "scene"},
        texts=("planId", "timezone"),
        wholes=("trialDays",),
        times=("startAt",),
    ),
    Endpoint(
        method="POST",
        path="/tenants/{tenant}/invoices",
        times=("periodStart", "periodEnd"),
        ids=("subscriptionId",),
    ),
    Endpoint(
        method="POST",
        path="/subscriptions/{subscription}/change-plan",
        body={"newPlanId": "scene", "when": "NOW"},
        texts=("newPlanId",),
        flags=("prorate",),
    ),
    Endpoint(
        method="POST",
        path="/subscriptions/{subscription}/cancel",
        texts=("reason",),
        flags=("immediately",),
    ),
    Endpoint(
        method="POST",
        path="/subscriptions/{subscription}/discount",
        body={"discountPercent": "10"},
        texts=("reason",),
        decimals=("discountPercent", "discountAmount"),
        wholes=("durationMonths",),
    ),
    Endpoint(
        method="POST",
        path="/coupons",
        body={"code": "ten", "discountType": "PERCENTAGE", "discountValue": "10"},
        texts=("code", "description"),
        decimals=("discountValue", "minimumAmount"),
        wholes=("durationMonths", "maxRedemptions", "maxRedemptionsPerTenant"),
        times=("expiresAt",),
    ),
    Endpoint(
        method="PUT",
        path="/allocation-rules/{rule}",
        texts=("name",),
        times=("validUntil",),
    ),
    Endpoint(
        method="PUT",
        path="/cost-centers/{center}",
        texts=("name", "code", "description"),
        decimals=("budget",),
        flags=("isActive",),
        ids=("parentId",),
    ),
    Endpoint(
        method="POST",
        path="/tenants/{tenant}/quotas/reservations",
        body={"resourceType": "API_CALLS", "amount": "1", "ttlSeconds": 60},
        texts=("resourceType",),
        decimals=("amount",),
        wholes=("ttlSeconds",),
    ),
    Endpoint(
        method="POST",
        path="/invoices/{invoice}/payments",
        body={"amount": "1.00"},
        texts=("reference",),
        decimals=("amount",),
        times=("paidAt",),
    ),
    Endpoint(
        method="POST",
        path="/invoices/{invoice}/credit-notes",
        body={"amount": "1.00", "reason": "goodwill"},
        texts=("reason",),
        decimals=("amount",),
    ),
    Endpoint(
        method="POST",
        path="/invoices/{invoice}/credit-notes",
        body={"lines": [{"lineId": "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"}], "reason": "x"},
        decimals=("lines[0].amount",),
        ids=("lines[0].lineId",),
    ),
    Endpoint(
        method="POST",
        path="/subscriptions/{subscription}/credits",
        body={"amount": "1.00"},
        texts=("reason",),
        decimals=("amount",),
        times=("expiresAt",),
    ),
    Endpoint(method="POST", path="/tenants/{tenant}/webhooks", body=HOOK, texts=HOOK_TEXTS),
    Endpoint(method="POST", path="/webhooks", body=HOOK, texts=HOOK_TEXTS),
    Endpoint(
        method="PATCH",
        path="/webhooks/{webhook}",
        body=HOOK,
        texts=HOOK_TEXTS,
        flags=("isEnabled",),
    ),
    Endpoint(method="POST", path="/webhooks/{webhook}/rotate-secret", wholes=("overlapSeconds",)),
    Endpoint(
        method="POST",
        path="/realtime-cost/tenants/{tenant}/alerts",
        body={"thresholdType": "ABSOLUTE", "thresholdAmount": "10.00"},
        texts=("webhookUrl",),
        decimals=("thresholdAmount",),
    ),
    Endpoint(method="POST", path="/realtime-cost/alerts/{alert}/dismiss"),
    Endpoint(method="POST", path="/webhooks/{webhook}/test"),
    Endpoint(
        method="POST",
        path="/stripe/checkout",
        body={"tenantId": USER, "planId": "scene"},
        texts=("planId", "successUrl", "cancelUrl"),
        ids=("tenantId",),
    ),
    Endpoint(
        method="POST",
        path="/stripe/portal",
        body={"tenantId": USER},
        texts=("returnUrl",),
        ids=("tenantId", "customerId"),
    ),
    Endpoint(method="POST", path="/invoices/{invoice}/payment-intent"),
    Endpoint(
        method="POST",
        path="/test-clocks",
        body={"frozenTime": "2026-01-01T00:00:00Z"},
        texts=("name",),
        times=("frozenTime",),
    ),
    Endpoint(
        method="POST",
        path="/test-clocks/{clock}/advance",
        body={"frozenTime": "2026-01-01T00:00:01Z"},
        times=("frozenTime",),
    ),
)
LISTS: Final = (
    *("/tenants", "/meters", "/plans", "/coupons", "/tenants/{tenant}/subscriptions"),
    *("/tenants/{tenant}/credits", "/invoices/{invoice}/payments", "/quotas/tenants/{tenant}"),
    *("/cost-centers/tenants/{tenant}", "/allocation-rules/tenants/{tenant}"),
    "/invoices/{invoice}/credit-notes",
    "/realtime-cost/tenants/{tenant}/alerts",
    *("/webhooks", "/tenants/{tenant}/webhooks", "/webhooks/{webhook}/deliveries"),
)


def kinds(kind: str) -> list[Any]:
    """Return (endpoint, field) for every field of a kind, as parameters with readable names."""
    import pytest

    return [
        pytest.param(endpoint, name, id=f"{endpoint} {name}")
        for endpoint in ENDPOINTS
        for name in getattr(endpoint, kind)
    ]


def with_field(body: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Return a body with a field set: `a.b` within an object, `a[0].b` in the first of a list."""
    outer, dot, inner = name.partition(".")
    if not dot:
        return {**body, name: value}
    if not outer.endswith("[0]"):
        return {**body, outer: with_field(body.get(outer, {}), inner, value)}
    outer = outer.removesuffix("[0]")
    first, *rest = body[outer]
    return {**body, outer: [with_field(first, inner, value), *rest]}
