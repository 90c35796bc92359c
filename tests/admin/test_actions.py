"""What staff do goes through the services, under their name, and never ends in a 500."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from billing.kernel import clock
from billing.models import ApiKey, AuditEntry, Meter, Plan
from billing.subscriptions.services import create_subscription
from invoicing.models import Invoice, TaxRate
from invoicing.pdf.rendering import ask_for, render_document
from invoicing.services import generate_invoice
from tenants.models import Tenant
from tests.admin.test_pages import url
from tests.admin.world import World


def said(response: Any) -> list[tuple[str, str]]:
    return [(m.level_tag, str(m)) for m in get_messages(response.wsgi_request)]


def entries(action: str) -> list[str]:
    return list(AuditEntry.objects.filter(action=action).values_list("actor", flat=True))


@pytest.fixture
def draft(world: World) -> Invoice:
    return generate_invoice(account_id=world.tenant.pk, now=clock.now())


def act(client: Client, thing: Any, name: str, **data: str) -> Any:
    return client.post(f"{url(type(thing), 'changelist')}{thing.pk}/{name}/", data)


def test_a_draft_is_finalized_after_a_question(staff: Client, draft: Invoice) -> None:
    question = staff.get(f"{url(Invoice, 'changelist')}{draft.pk}/finalize/")
    draft.refresh_from_db()
    status_before = draft.status

    done = act(staff, draft, "finalize")

    draft.refresh_from_db()
    assert (question.status_code, status_before) == (200, "DRAFT")
    assert (done.status_code, draft.status) == (302, "PENDING")
    assert said(done) == [("success", f"The invoice {draft.number} is final.")]
    assert entries("invoice.finalized")[-1] == "staff:ada"


def test_finalizing_twice_says_why_not(staff: Client, world: World) -> None:
    invoice = world.invoices[0]

    again = act(staff, invoice, "finalize")

    assert again.status_code == 302
    assert said(again)[0][0] == "error"
    assert "PENDING" in said(again)[0][1]


def test_an_invoice_is_voided_with_a_reason(staff: Client, world: World) -> None:
    invoice = world.invoices[0]

    done = act(staff, invoice, "void", reason="Wrong buyer")

    invoice.refresh_from_db()
    assert (invoice.status, invoice.void_reason) == ("VOID", "Wrong buyer")
    assert said(done) == [("success", f"The invoice {invoice.number} is void.")]
    assert entries("invoice.voided") == ["staff:ada"]


def test_voiding_needs_a_reason(staff: Client, world: World) -> None:
    invoice = world.invoices[0]

    asked = act(staff, invoice, "void", reason=" ")

    invoice.refresh_from_db()
    assert (asked.status_code, invoice.status) == (200, "PENDING")
    assert "This field is required." in asked.content.decode()


def test_voiding_twice_says_why_not(staff: Client, world: World) -> None:
    invoice = world.invoices[0]
    act(staff, invoice, "void", reason="Once")

    again = act(staff, invoice, "void", reason="Twice")

    invoice.refresh_from_db()
    assert invoice.void_reason == "Once"
    assert said(again)[-1][0] == "error"


@pytest.mark.parametrize("name", ["void", "finalize"])
def test_a_forged_form_of_another_site_does_nothing(name: str, staff: Client, world: World) -> None:
    invoice = world.invoices[0]
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = staff.cookies

    assert act(strict, invoice, name, reason="x").status_code == 403
    invoice.refresh_from_db()
    assert invoice.status == "PENDING"


def test_buttons_stand_where_the_state_allows_them(
    staff: Client, world: World, draft: Invoice
) -> None:
    final = world.invoices[0]

    on_draft = staff.get(url(Invoice, "change", draft.pk)).content.decode()
    on_final = staff.get(url(Invoice, "change", final.pk)).content.decode()

    assert [f"{draft.pk}/{name}/" in on_draft for name in ("open_pdf", "finalize", "void")] == [
        True,
        True,
        True,
    ]
    assert [f"{final.pk}/{name}/" in on_final for name in ("open_pdf", "finalize", "void")] == [
        True,
        False,
        True,
    ]


def test_an_invoice_that_is_not_there_is_not_a_500(staff: Client, db: None) -> None:
    base = url(Invoice, "changelist")

    answers = [
        staff.get(f"{base}{missing}/{name}/").status_code
        for missing in (uuid4(), "nonsense")
        for name in ("open_pdf", "finalize", "void")
    ]

    assert set(answers) <= {302, 403, 404}


def test_the_pdf_opens(staff: Client, world: World) -> None:
    invoice = world.invoices[0]
    document = ask_for(account_id=invoice.account_id, invoice_id=invoice.pk, now=clock.now())
    render_document(document_id=document.pk, now=clock.now())

    opened = staff.get(f"{url(Invoice, 'changelist')}{invoice.pk}/open_pdf/")

    assert opened["Content-Type"] == "application/pdf"
    assert opened["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'
    assert opened.content.startswith(b"%PDF-")


def test_a_key_is_revoked_after_a_question(staff: Client, key: ApiKey) -> None:
    staff.get(f"{url(ApiKey, 'changelist')}{key.pk}/revoke/")
    key.refresh_from_db()
    before = key.revoked_at

    act(staff, key, "revoke")

    key.refresh_from_db()
    assert before is None
    assert key.revoked_at is not None
    assert entries("api_key.revoked") == ["staff:ada"]


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
        ({"country": "Germany"}, "country", "Two capital letters"),
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
    assert done.status_code == 302
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


def test_a_tax_rate_is_written_down(staff: Client) -> None:
    given = {
        "name": "USt",
        "country": "DE",
        "region": "",
        "tax_category": "STANDARD",
        "percent": "19",
        "valid_from": "2026-01-01",
        "valid_until": "",
    }

    staff.post(url(TaxRate, "add"), given)

    assert TaxRate.objects.get().percent == 19
    assert entries("tax_rate.created") == ["staff:ada"]


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
