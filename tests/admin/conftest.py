"""Staff of each kind, and a small company for them to look at."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from billing.accounts.keys import create_api_key
from billing.kernel import clock
from billing.kernel.ids import uuid7
from billing.metering.quotas.services import QuotaDraft, create_quota
from billing.models import Account, ApiKey, Meter, TestClock
from customers.services.deletion import delete_any_customer
from invoicing.models import TaxExemption, TaxRate
from tenants.models import Tenant
from tests.admin.world import World, collect, make_customer, make_tenant, make_world


@pytest.fixture
def staff(db: None) -> Client:
    """A browser in which a superuser is signed in."""
    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="x"))
    return client


@pytest.fixture
def world(db: None) -> World:
    now = clock.now()
    made = make_world(now)
    make_customer(made.tenant, now)
    collect(made, now)
    return made


@pytest.fixture
def key(db: None) -> ApiKey:
    from uuid import uuid4

    made, _secret = create_api_key(
        user_id=uuid4(), name="Producer", scopes=["usage:write"], now=clock.now()
    )
    return made


@pytest.fixture
def rest(key: ApiKey) -> tuple[TaxRate, TestClock]:
    """One of each of what a world has not."""
    now = clock.now()
    gone = make_customer(make_tenant(now, name="Gone"), now)
    delete_any_customer(customer_id=gone.pk, with_stripe=False, now=now)
    rate = TaxRate.objects.create(
        country="DE", name="USt", percent=19, valid_from=now.date() - timedelta(days=900)
    )
    made = Account.objects.create(id=uuid7(), currency="EUR", created_at=now)
    Tenant.objects.create(account=made, name="Embassy", created_at=now)
    TaxExemption.objects.create(
        account=made, reason="Embassy", valid_from=rate.valid_from, created_at=now
    )
    calls = Meter.objects.get(metric_type="API_CALLS")
    draft = QuotaDraft(meter=calls, limit=Decimal(1000), recipients=["ops@acme.example"])
    create_quota(account_id=made.pk, draft=draft, by_admin=True, now=now)
    return rate, TestClock.objects.create(frozen_time=now, reached_at=now, created_at=now)
