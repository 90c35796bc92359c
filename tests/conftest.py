"""Who calls, and for whom: shared by all tests that speak to the API."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps

from billing.models import Meter
from invoicing.records import DunningStep
from tenants.metering.meters import BOOK
from tests.client import Api, json_of
from tests.stripe_sandbox.fixtures import stripe_sandbox

__all__ = ["stripe_sandbox"]


@pytest.fixture
def api() -> Callable[..., Api]:
    """Make a caller: api("service", tenant_id=…)."""
    return Api.of


@pytest.fixture
def admin() -> Api:
    return Api.of("billing_admin")


@pytest.fixture
def service() -> Api:
    """A metering producer that is bound to no tenant."""
    return Api.of("service")


@pytest.fixture
def stranger() -> Api:
    """A good token without any role or team."""
    return Api.of()


@pytest.fixture
def tenant(db: None, admin: Api) -> dict[str, Any]:
    """A tenant in USD and UTC, as the API shows it."""
    body: dict[str, Any] = json_of(admin.post("/tenants", {"name": f"Acme {uuid4().hex[:6]}"}), 201)
    return body


@pytest.fixture(autouse=True)
def built_in_rows(request: pytest.FixtureRequest) -> None:
    """Bring back what migrations put in: tests with real transactions empty every table."""
    asks = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    if asks or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("_django_db_helper")
        if not Meter.objects.exists():
            import_module("billing.migrations.0003_meters").add_meters(apps, None)
            BOOK.meters(fresh=True)  # what the process kept of them has other ids
        if not DunningStep.objects.exists():
            import_module("invoicing.migrations.0005_collection_holds").seed(apps, None)
