"""Staff find usage and rows, whatever they type."""

from __future__ import annotations

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from billing.kernel import clock
from billing.models import ApiKey, AuditEntry, Plan
from billing.subscriptions.services import create_subscription
from invoicing.models import Invoice
from tenants.models import Tenant
from tests.admin.test_pages import url
from tests.admin.world import World


def test_usage_is_found_by_tenant_meter_and_event(staff: Client, world: World) -> None:
    from tests.admin.world import use

    use(world.tenant, "API_CALLS", 120)
    use(world.tenant, "STORAGE_BYTES", 1)
    place = reverse("back-office-usage")

    first = staff.get(place, {"tenant": world.tenant.name, "meter": "API_CALLS"})
    older = staff.get(f"{place}?{first.context['older']}")
    one = staff.get(place, {"tenant": str(world.tenant.pk), "event": "API_CALLS-7"})

    ids = [row["event_id"] for row in first.context["rows"] + older.context["rows"]]
    assert ids == [f"API_CALLS-{n}" for n in range(100)]
    assert [row["event_id"] for row in one.context["rows"]] == ["API_CALLS-7"]


@pytest.mark.parametrize(
    "query",
    [
        {"tenant": "\x00"},
        {"tenant": "nobody"},
        {"tenant": "Acme", "before": "nonsense"},
        {"tenant": "Acme", "before": "2026-01-01T00:00:00~1"},
        {"tenant": "Acme", "before": "2026-01-01T00:00:00+00:00~99999999999999999999"},
        {"tenant": "Acme", "meter": "NO_SUCH", "event": "\x00"},
    ],
)
def test_a_strange_search_of_usage_is_answered(
    query: dict[str, str], staff: Client, world: World
) -> None:
    assert staff.get(reverse("back-office-usage"), query).status_code == 200


@pytest.mark.parametrize("model", [Invoice, Tenant, Plan, AuditEntry, ApiKey])
def test_a_strange_search_of_a_list_is_answered(model: type[Model], staff: Client) -> None:
    asked = ["'", "\x00", "%", "nonsense-uuid", "🙂"]

    answers = {text: staff.get(url(model, "changelist"), {"q": text}).status_code for text in asked}

    assert set(answers.values()) <= {200, 302}, answers


def test_a_subscription_of_its_own_time_zone_shows_utc(staff: Client, world: World) -> None:
    from billing.models import Subscription
    from tests.admin.world import make_tenant

    now = clock.now().replace(minute=30)
    tenant = make_tenant(now, name="Kiri")
    made = create_subscription(
        account_id=tenant.pk, plan_ref=world.plan.code, timezone="Asia/Tokyo", now=now
    )

    page = staff.get(url(Subscription, "change", made.pk)).content.decode()

    assert f"{now:%Y-%m-%d %H:%M}\N{NO-BREAK SPACE}UTC" in page
