"""The scene of the tests of bad input: one of each thing that a path may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from alerts.models import Alert
from billing.models import (
    AuditEntry,
    Charge,
    CreditEntry,
    CreditGrant,
    Discount,
    IdempotentAnswer,
    Meter,
    Plan,
    PlanVersion,
    Subscription,
    TestClock,
)
from coupons.models import Coupon
from customers.models import Customer, CustomerCreation, Membership
from invoicing.models import Invoice
from invoicing.records import CreditNote, Payment
from tenants.models import CostCenter, Tenant
from tests import factories
from tests.api.platform.endpoint import Endpoint
from tests.api.platform.plan_bodies import plan
from tests.client import Api, json_of
from tests.remembered import remembered
from webhooks.models import WebhookDelivery, WebhookEndpoint

TABLES = (
    Alert,
    AuditEntry,
    Charge,
    CostCenter,
    Coupon,
    CreditEntry,
    CreditGrant,
    CreditNote,
    Customer,
    CustomerCreation,
    Discount,
    IdempotentAnswer,
    Invoice,
    Membership,
    Meter,
    Payment,
    Plan,
    PlanVersion,
    Subscription,
    Tenant,
    TestClock,
    WebhookDelivery,
    WebhookEndpoint,
)


@pytest.fixture
def scene(db: None, admin: Api) -> dict[str, str]:
    return one_of_each(admin)


@remembered
def one_of_each(admin: Api) -> dict[str, str]:
    tenant = json_of(admin.post("/tenants", {"name": "Acme"}), 201)
    made = json_of(admin.post("/plans", plan(code="scene")), 201)
    clock = json_of(admin.post("/test-clocks", {"frozenTime": "2026-01-01T00:00:00Z"}), 201)
    customer = factories.customer()
    owner = Membership.objects.get(customer=customer).user_id
    billed = json_of(admin.post("/tenants", {"name": "Billed"}), 201)
    path = f"/tenants/{billed['id']}"
    subscribed = json_of(admin.post(f"{path}/subscriptions", {"planId": "scene"}), 201)
    draft = json_of(admin.post(f"{path}/invoices", {}), 201)
    json_of(admin.post(f"/invoices/{draft['id']}/finalize", {}), 200)
    center = {"tenantId": billed["id"], "name": "Sales", "code": "sales"}
    url = {"url": "https://hooks.example/"}
    hook = json_of(admin.post(f"/tenants/{tenant['id']}/webhooks", url), 201)
    alerts = f"/realtime-cost/tenants/{tenant['id']}/alerts"
    alert = {"thresholdType": "ABSOLUTE", "thresholdAmount": "10.00"}
    by = {"method": "METER_SHARE", "byMetricType": "API_CALLS"}
    rule = {"tenantId": billed["id"], "name": "By calls", **by}
    return {
        "tenant": tenant["id"],
        "plan": made["id"],
        "clock": clock["id"],
        "customer": str(customer.pk),
        "owner": str(owner),
        "subscription": subscribed["id"],
        "invoice": draft["id"],
        "center": json_of(admin.post("/cost-centers", center), 201)["id"],
        "webhook": hook["id"],
        "alert": json_of(admin.post(alerts, alert), 201)["id"],
        "rule": json_of(admin.post("/allocation-rules", rule), 201)["id"],
    }


@pytest.fixture
def sent(admin: Api, stranger: Api, scene: dict[str, str]) -> Callable[..., HttpResponse]:
    """Send something to an endpoint, as who may where no other caller is given."""
    callers = {"admin": admin, "owner": Api.of(sub=scene["owner"]), "person": stranger}

    def send(endpoint: Endpoint, *, caller: Api | None = None, **given: Any) -> HttpResponse:
        who = caller or callers[endpoint.by]
        path = endpoint.path.format(**scene)
        return who.send(endpoint.method, path, base=endpoint.base, **given)

    return send


@pytest.fixture
def refused(sent: Callable[..., HttpResponse]) -> Iterator[Callable[..., HttpResponse]]:
    """Send something bad to an endpoint. After the test: none of it left anything behind."""
    before = [model._default_manager.count() for model in TABLES]

    yield sent

    assert [model._default_manager.count() for model in TABLES] == before
