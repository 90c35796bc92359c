"""The scene of the tests of bad input: one of each thing that a path may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from billing.models import (
    AuditEntry,
    Charge,
    CreditEntry,
    CreditGrant,
    IdempotentAnswer,
    Meter,
    Plan,
    PlanVersion,
    Subscription,
    TestClock,
)
from invoicing.models import Invoice
from invoicing.records import CreditNote, Payment
from tenants.models import Tenant
from tests.api.platform.endpoints import Endpoint
from tests.api.platform.plan_bodies import plan
from tests.client import Api, json_of

TABLES = (
    AuditEntry,
    Charge,
    CreditEntry,
    CreditGrant,
    CreditNote,
    IdempotentAnswer,
    Invoice,
    Meter,
    Payment,
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
    billed = json_of(admin.post("/tenants", {"name": "Billed"}), 201)
    path = f"/tenants/{billed['id']}"
    subscribed = json_of(admin.post(f"{path}/subscriptions", {"planId": "scene"}), 201)
    draft = json_of(admin.post(f"{path}/invoices", {}), 201)
    json_of(admin.post(f"/invoices/{draft['id']}/finalize", {}), 200)
    return {
        "tenant": tenant["id"],
        "plan": made["id"],
        "clock": clock["id"],
        "subscription": subscribed["id"],
        "invoice": draft["id"],
    }


@pytest.fixture
def refused(admin: Api, scene: dict[str, str]) -> Iterator[Callable[..., HttpResponse]]:
    """Send something bad to an endpoint. After the test: none of it left anything behind."""
    before = [model._default_manager.count() for model in TABLES]

    def send(endpoint: Endpoint, *, caller: Api = admin, **given: Any) -> HttpResponse:
        return caller.send(endpoint.method, endpoint.path.format(**scene), **given)

    yield send

    assert [model._default_manager.count() for model in TABLES] == before
