"""The scene of the tests of bad input: one of each thing that a path may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from billing.models import (
    AuditEntry,
    Charge,
    Discount,
    IdempotentAnswer,
    Meter,
    Plan,
    PlanVersion,
    Subscription,
    TestClock,
)
from coupons.models import Coupon
from invoicing.models import Invoice
from tenants.models import Tenant
from tests.api.platform.endpoints import Endpoint
from tests.api.platform.plan_bodies import plan
from tests.client import Api, json_of

TABLES = (
    AuditEntry,
    Charge,
    Coupon,
    Discount,
    IdempotentAnswer,
    Invoice,
    Meter,
    Plan,
    PlanVersion,
    Subscription,
    Tenant,
    TestClock,
)


@pytest.fixture
def scene(admin: Api, tenant: dict[str, Any]) -> dict[str, str]:
    made = json_of(admin.post("/plans", plan(code="scene")), 201)
    clock = json_of(admin.post("/test-clocks", {"frozenTime": "2026-01-01T00:00:00Z"}), 201)
    other = json_of(admin.post("/tenants", {"name": "Subscribed"}), 201)["id"]
    subscribed = admin.post(f"/tenants/{other}/subscriptions", {"planId": "scene"})
    return {
        "tenant": tenant["id"],
        "plan": made["id"],
        "clock": clock["id"],
        "subscription": json_of(subscribed, 201)["id"],
    }


@pytest.fixture
def refused(admin: Api, scene: dict[str, str]) -> Iterator[Callable[..., HttpResponse]]:
    """Send something bad to an endpoint. After the test: none of it left anything behind."""
    before = [model._default_manager.count() for model in TABLES]

    def send(endpoint: Endpoint, *, caller: Api = admin, **given: Any) -> HttpResponse:
        return caller.send(endpoint.method, endpoint.path.format(**scene), **given)

    yield send

    assert [model._default_manager.count() for model in TABLES] == before
