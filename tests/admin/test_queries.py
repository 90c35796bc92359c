"""The pages' cost does not grow with their rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.kernel import clock
from tests.admin.test_pages import MODELS, url
from tests.admin.world import World, make_plan, make_tenant, subscribe

Count = Callable[[str], int]


@pytest.fixture
def count(staff: Client) -> Count:
    def queries(place: str) -> int:
        staff.get(place)
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(place).status_code == 200
        return len(captured)

    return queries


def grow(world: World) -> None:
    """Make it fifty times as large: tenants, subscriptions, versions, invoices."""
    now = clock.now()
    for number in range(50):
        plan = make_plan(now, name=f"Plan {number}") if number < 5 else world.plan
        tenant = make_tenant(now, name=f"Tenant {number}")
        subscribe(tenant, plan, since=now - timedelta(days=40), now=now)


def test_lists_take_as_many_queries_for_fifty_rows_as_for_one(
    world: World, rest: object, count: Count
) -> None:
    places = [url(model, "changelist") for model in MODELS]
    places += ["/admin/", reverse("back-office-usage")]
    few = {place: count(place) for place in places}

    grow(world)

    assert {place: count(place) for place in places} == few
    assert max(few.values()) <= 14


def test_a_tenants_page_does_not_grow_with_its_invoices(world: World, count: Count) -> None:
    place = url(type(world.tenant), "change", world.tenant.pk)
    few = count(place)

    later = clock.now() + timedelta(days=400)
    from invoicing.run import run_account

    run_account(account_id=world.tenant.pk, now=later)

    assert len(world.invoices) > 10
    assert count(place) == few


def test_an_invoices_page_does_not_grow_with_its_lines(world: World, count: Count) -> None:
    invoice = world.invoices[0]
    place = url(type(invoice), "change", invoice.pk)
    few = count(place)
    line: Any = invoice.lines.first()
    from invoicing.models import InvoiceLine

    with connection.cursor() as cursor:  # a finalized invoice's lines are closed by a trigger
        cursor.execute("SET LOCAL session_replication_role = replica")
    for position in range(50):
        line.pk, line._state.adding, line.position = None, True, position + 10
        InvoiceLine.objects.bulk_create([line])
        line = InvoiceLine.objects.get(invoice=invoice, position=position + 10)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert invoice.lines.count() == 54
    assert count(place) == few
