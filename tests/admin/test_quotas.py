"""Tenants' quotas in the back office: made, changed and deleted by services, seen as bars."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import AuditEntry, Meter, UsageQuota
from tests.admin.world import World

ADD = "admin:billing_usagequota_add"
pytestmark = pytest.mark.django_db


def form(world: World, **given: Any) -> dict[str, Any]:
    return {
        "account": str(world.tenant.pk),
        "meter": Meter.objects.get(metric_type="API_CALLS").pk,
        "limit": "1000000",
        "period": "MONTH",
        "resource_name": "Calls",
        "warning_percent": 80,
        "is_hard": "on",
        "recipients": "ops@acme.example, cfo@acme.example",
        "is_active": "on",
        **given,
    }


def test_a_quota_is_made_changed_and_deleted_by_the_services(staff: Client, world: World) -> None:
    made = staff.post(reverse(ADD), form(world))
    quota = UsageQuota.objects.get()
    page = reverse("admin:billing_usagequota_change", args=[quota.pk])
    seen = staff.get(page).content.decode()

    changed = staff.post(page, form(world, limit="5", is_hard=""))
    quota.refresh_from_db()
    after = (quota.limit, quota.is_hard, quota.made_by_admin, quota.recipients)
    tenant = staff.get(reverse("admin:tenants_tenant_change", args=[world.tenant.pk]))
    listed = staff.get(reverse("admin:billing_usagequota_changelist")).content.decode()
    gone = staff.post(reverse("admin:billing_usagequota_delete", args=[quota.pk]), {"post": "yes"})

    assert (made.status_code, changed.status_code, gone.status_code) == (302, 302, 302)
    assert "ops@acme.example, cfo@acme.example" in seen
    assert 'value="1000000"' in seen
    assert after == (Decimal(5), False, True, ["ops@acme.example", "cfo@acme.example"])
    assert "Quotas of usage" in tenant.content.decode()
    assert "bo-share" in listed
    assert not UsageQuota.objects.exists()
    actions = AuditEntry.objects.filter(action__startswith="quota.").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "quota.created",
        "quota.changed",
        "quota.deleted",
    ]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"limit": "0"}, ""),
        ({"recipients": "nobody"}, "at most 20 e-mail addresses"),
        ({"warning_percent": 0}, ""),
        ({"account": "none"}, ""),
    ],
)
def test_what_is_wrong_stays_on_the_form(
    staff: Client, world: World, given: dict[str, Any], words: str
) -> None:
    answer = staff.post(reverse(ADD), form(world, **given))

    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not UsageQuota.objects.exists()


def test_a_second_one_of_the_meter_is_refused_on_the_form(staff: Client, world: World) -> None:
    staff.post(reverse(ADD), form(world))

    answer = staff.post(reverse(ADD), form(world))

    assert answer.status_code == 200
    assert "There is one already" in answer.content.decode()
    assert UsageQuota.objects.count() == 1
