"""What staff enter is saved by services; what these refuse comes back to the form."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from billing.models import Meter, Plan
from tenants.models import Tenant
from tests.admin.test_actions import act, entries, said
from tests.admin.test_pages import url
from tests.admin.world import World

TENANT = {"name": "Beta", "currency": "EUR", "timezone": "Europe/Berlin"}


def test_a_tenant_is_made_by_its_service(staff: Client) -> None:
    given = {**TENANT, "billing_email": "a@b.example", "city": "Ulm", "country": "DE"}

    done = staff.post(url(Tenant, "add"), {**given, "budget": "12.50"})

    tenant = Tenant.objects.select_related("account").get(name="Beta")
    assert done.status_code == 302
    assert (tenant.account.currency, tenant.account.timezone) == ("EUR", "Europe/Berlin")
    assert tenant.address == {"city": "Ulm", "country": "DE"}
    assert tenant.budget_minor == 1250
    assert entries("tenant.created") == ["staff:ada"]


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"budget": "1.005"}, "budget", "at most 2 decimals"),
        ({"country": "Germany"}, "country", "Two capital letters of ISO 3166-1"),
        ({"customer": str(uuid4())}, "customer", "there is no such customer"),
        ({"currency": "XXX"}, "currency", "not one of the available choices"),
        ({"timezone": "Mars/Base"}, "timezone", "not one of the available choices"),
        ({"billing_email": "nobody"}, "billing_email", "valid email"),
        ({"name": ""}, "name", "required"),
    ],
)
def test_a_wrong_tenant_comes_back_with_the_error_on_its_field(
    staff: Client, wrong: dict[str, str], field: str, words: str
) -> None:
    answer = staff.post(url(Tenant, "add"), {**TENANT, **wrong})

    errors = answer.context["adminform"].form.errors
    assert answer.status_code == 200
    assert list(errors) == [field]
    assert words in str(errors[field])
    assert not Tenant.objects.exists()


def test_a_tenant_is_changed_by_its_service(staff: Client, world: World) -> None:
    given = {"name": "Gamma", "currency": "USD", "timezone": "UTC", "line1": "New Street 2"}

    staff.post(url(Tenant, "change", world.tenant.pk), given)

    tenant = Tenant.objects.get(pk=world.tenant.pk)
    assert (tenant.name, tenant.address) == ("Gamma", {"line1": "New Street 2"})
    assert entries("tenant.updated") == ["staff:ada"]


def test_a_currency_that_is_in_use_stays_and_the_form_says_why(staff: Client, world: World) -> None:
    given = {"name": "Gamma", "currency": "EUR", "timezone": "UTC"}

    answer = staff.post(url(Tenant, "change", world.tenant.pk), given)

    assert answer.status_code == 200
    assert "The currency can&#x27;t change" in answer.content.decode()
    assert Tenant.objects.get(pk=world.tenant.pk).name == world.tenant.name


PLAN = {
    "name": "Basic",
    "code": "basic",
    "description": "",
    "is_active": "on",
    "sort_order": "1",
    "price": "19.00",
    "currency": "USD",
    "interval": "MONTH",
    "trial_days": "0",
    "minimum_commitment": "",
    "tax_category": "STANDARD",
    "tax_behavior": "EXCLUSIVE",
    "limits-TOTAL_FORMS": "1",
    "limits-INITIAL_FORMS": "0",
    "limits-0-service_name": "api",
    "limits-0-feature_key": "calls",
    "limits-0-value": "100",
    "limits-0-window": "minute",
    "versions-TOTAL_FORMS": "0",
    "versions-INITIAL_FORMS": "0",
}


def test_a_plan_is_made_with_its_first_version_and_limits(staff: Client) -> None:
    done = staff.post(url(Plan, "add"), PLAN)

    plan = Plan.objects.get(code="basic")
    version = plan.versions.get()
    page = staff.get(url(Plan, "change", plan.pk)).content.decode()
    assert done.status_code == 302
    assert 'value="19.00"' in page
    assert (version.version, version.price_minor, version.interval) == (1, 1900, "MONTH")
    assert [(x.service_name, x.value, x.window) for x in plan.limits.all()] == [
        ("api", 100, "minute")
    ]
    assert entries("plan.created") == ["staff:ada"]


def test_other_prices_make_a_version_and_other_names_do_not(staff: Client) -> None:
    staff.post(url(Plan, "add"), PLAN)
    plan = Plan.objects.get(code="basic")
    limit = plan.limits.get()
    kept = {
        **{k: v for k, v in PLAN.items() if k != "code"},
        "limits-INITIAL_FORMS": "1",
        "limits-0-id": str(limit.pk),
        "limits-0-plan": str(plan.pk),
    }

    staff.post(url(Plan, "change", plan.pk), {**kept, "name": "Basic plus"})
    plan.refresh_from_db()
    after_name = (plan.name, plan.versions.count())
    limit = plan.limits.get()
    staff.post(
        url(Plan, "change", plan.pk), {**kept, "price": "25.00", "limits-0-id": str(limit.pk)}
    )

    assert after_name == ("Basic plus", 1)
    versions = plan.versions.order_by("version").values_list("version", "price_minor")
    assert list(versions) == [(1, 1900), (2, 2500)]


def test_a_plan_that_the_service_refuses_comes_back(staff: Client) -> None:
    staff.post(url(Plan, "add"), PLAN)

    taken = staff.post(url(Plan, "add"), PLAN)
    decimals = staff.post(url(Plan, "add"), {**PLAN, "code": "other", "price": "1.005"})

    assert taken.status_code == decimals.status_code == 200
    assert "the plan basic" in taken.content.decode()
    assert list(decimals.context["adminform"].form.errors) == ["price"]
    assert Plan.objects.count() == 1


def test_a_plan_is_archived_and_a_default_is_not(staff: Client, world: World) -> None:
    act(staff, world.plan, "archive")
    staff.post(url(Plan, "add"), {**PLAN, "is_default": "on"})
    default = Plan.objects.get(code="basic")

    refused = act(staff, default, "archive")

    world.plan.refresh_from_db()
    default.refresh_from_db()
    assert (world.plan.is_active, default.is_active) == (False, True)
    assert said(refused)[-1][0] == "error"


def test_a_meter_is_made_and_its_counting_stays_once_it_is_used(
    staff: Client, world: World
) -> None:
    given = {"name": "Seats", "unit": "seat", "aggregation": "MAX", "is_active": "on"}
    staff.post(url(Meter, "add"), {**given, "metric_type": "SEATS"})
    used = Meter.objects.get(metric_type="API_CALLS")

    refused = staff.post(url(Meter, "change", used.pk), {**given, "name": "Calls"})

    used.refresh_from_db()
    assert Meter.objects.get(metric_type="SEATS").aggregation == "MAX"
    assert refused.status_code == 200
    assert used.aggregation == "SUM"
