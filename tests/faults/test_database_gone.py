"""Postgres ends our connection in the middle of the work: nothing half done, and a retry works."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from billing.catalog.services import versions
from billing.models import AuditEntry, IdempotentAnswer, Plan, PlanVersion
from tests.api.platform.plan_bodies import plan
from tests.client import Api, error_of, json_of

WRITE_LIMITS = "billing.catalog.services.plans.write_limits"


def end_our_connection() -> None:
    """As an administrator or a failover would, from a connection of its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    database = settings.DATABASES["default"]
    with psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        password=database["PASSWORD"],
        dbname=database["NAME"],
        autocommit=True,
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}], ids=["plain", "keyed"])
def test_a_connection_that_ends_in_the_middle_is_a_503_and_nothing_is_done(
    admin: Api, monkeypatch: pytest.MonkeyPatch, headers: dict[str, Any]
) -> None:
    def cut_off(*args: Any) -> None:
        end_our_connection()
        versions.write_limits(*args)

    body = plan(limits=[{"serviceName": "a", "featureKey": "b", "value": 1}])
    with monkeypatch.context() as patched:
        patched.setattr(WRITE_LIMITS, cut_off)
        failed = admin.post("/plans", body, **headers)

    tables = (Plan, PlanVersion, AuditEntry, IdempotentAnswer)
    assert error_of(failed) == (503, "SERVICE_UNAVAILABLE")
    assert int(failed["Retry-After"]) > 0
    assert [table._default_manager.count() for table in tables] == [0, 0, 0, 0]
    again = admin.post("/plans", body, **headers)
    assert json_of(again, 201)["code"] == body["code"]
    assert Plan.objects.count() == 1
