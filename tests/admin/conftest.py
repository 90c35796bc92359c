"""Staff of each kind, and a small company for them to look at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from billing.accounts.keys import create_api_key
from billing.kernel import clock
from billing.models import ApiKey, TestClock
from invoicing.models import TaxRate
from tests.admin.world import World, collect, make_customer, make_world


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
    rate = TaxRate.objects.create(
        country="DE", name="USt", percent=19, valid_from=now.date() - timedelta(days=900)
    )
    return rate, TestClock.objects.create(frozen_time=now, reached_at=now, created_at=now)
