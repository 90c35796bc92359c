"""Benchmarks fill tables by themselves: each of their statements still fits the tables."""

import importlib
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from alerts.models import AlertWatch
from benchmarks import customers, limits
from billing.models import Subscription
from customers.models import Customer
from tests import factories

pytestmark = pytest.mark.django_db


def execute(statements: str, values: dict[str, object]) -> None:
    """Run several statements as a benchmark does, and all that waits for the commit."""
    with connection.cursor() as cursor:
        text = psycopg.ClientCursor(cursor.connection).mogrify(statements, values)
        cursor.execute(text)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_customers_of_every_standing_are_made():
    execute(customers.POPULATION, {"tiers": list(customers.TIERS), "count": 200, "mixed": True})

    assert Customer.objects.count() == 200
    assert Subscription.objects.filter(status="PAST_DUE", standing="PAST_DUE").count() == 2


def test_a_tenant_gets_its_owner():
    account = factories.account()

    execute(limits.OWNED, {"tenant": account.pk, "user": uuid4()})

    assert Customer.objects.get(pk=account.pk).memberships.get().role == 0


def test_idle_alerts_are_made(monkeypatch):
    for name in ("BENCH_URL", "BENCH_TOKEN", "BENCH_SUPERUSER_URL"):
        monkeypatch.setenv(name, "")
    alerts = importlib.import_module("benchmarks.alerts")

    execute(alerts.FILL, {"count": 20})

    assert AlertWatch.objects.filter(is_open=True).count() == 20
