"""Every endpoint that takes a JSON object, as one table that the tests of bad input run over.

A new endpoint is a row: its valid body, and which of its fields are of which kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.api.platform.plan_bodies import charge, plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A method and a path; {tenant}, {plan}, {subscription} and {clock} stand for ids of the scene.

    `body` is accepted as it is. Fields in brackets are nested: charges[0].unitPrice.
    """

    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    decimals: tuple[str, ...] = ()
    wholes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()

    @property
    def is_hidden(self) -> bool:
        """Names a thing of a tenant's by its own id: to strangers it is not there.

        Where only billing_admin may, all others are refused before the thing is looked for.
        """
        return "{subscription}" in self.path and not self.path.endswith("/discount")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


METER: Final = {"metricType": "TOKENS", "name": "Tokens", "aggregation": "SUM"}
NESTED: Final = ("charges[0].unitPrice", "charges[0].includedQuantity", "charges[0].minimumAmount")
PLAN_DECIMALS: Final = ("price", "minimumCommitment", *NESTED)
PLAN_TEXTS: Final = ("name", "description", "charges[0].description", "charges[0].taxCategory")

ENDPOINTS: Final = (
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
    "/tenants",
    "/meters",
    "/plans",
    "/coupons",
    "/tenants/{tenant}/subscriptions",
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
