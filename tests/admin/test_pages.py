"""Every page of the back office opens for staff, and for nobody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from alerts.models import Alert
from billing.models import (
    ApiKey,
    AuditEntry,
    Meter,
    Plan,
    PlanVersion,
    Subscription,
    UsageQuota,
)
from billing.models import TestClock as FrozenClock
from customers.models import Customer, CustomerDeletion
from invoicing.models import Invoice, TaxExemption, TaxRate
from invoicing.records import CreditNote, DunningStep, Mail, ParkedAccount
from tenants.models import Tenant
from tests.admin.world import World
from webhooks.models import WebhookDelivery, WebhookEndpoint

TOLD = [Alert, WebhookEndpoint, WebhookDelivery]
COLLECTION = [CreditNote, Mail, ParkedAccount]
READ_ONLY = [
    *(PlanVersion, Subscription, Invoice, AuditEntry, ApiKey, FrozenClock, Customer),
    CustomerDeletion,
    *COLLECTION,
    *TOLD,
]
WRITABLE = [Tenant, Plan, Meter, TaxRate, TaxExemption, DunningStep, UsageQuota]
MODELS = [*READ_ONLY, *WRITABLE]


def url(model: type[Model], page: str, *args: object) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


def first_of(model: type[Model]) -> Any:
    return model._default_manager.order_by("pk").first()


def test_the_lists_of_these_tests_name_every_registered_model() -> None:
    ours = {"billing", "tenants", "customers", "invoicing", "webhooks", "alerts"}

    registered = {model for model in admin.site._registry if model._meta.app_label in ours}

    assert registered == set(MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_list_and_detail_open(
    model: type[Model], staff: Client, world: World, rest: object
) -> None:
    first = first_of(model)

    listed = staff.get(url(model, "changelist"))
    shown = staff.get(url(model, "change", first.pk))

    assert (listed.status_code, shown.status_code) == (200, 200)
    assert url(model, "change", first.pk) in listed.content.decode()


@pytest.mark.parametrize("model", WRITABLE, ids=lambda model: model.__name__)
def test_what_staff_may_make_has_a_form(model: type[Model], staff: Client, world: World) -> None:
    assert staff.get(url(model, "add")).status_code == 200


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_what_services_write_nobody_adds_changes_or_deletes(
    model: type[Model], staff: Client, world: World, rest: object
) -> None:
    first = first_of(model)
    before = list(model._default_manager.order_by("pk").values())

    refused = [
        staff.get(url(model, "add")).status_code,
        staff.post(url(model, "add"), {}).status_code,
        staff.post(url(model, "change", first.pk), {"status": "PAID"}).status_code,
        staff.post(url(model, "delete", first.pk), {"post": "yes"}).status_code,
    ]

    assert refused == [403, 403, 403, 403]
    assert list(model._default_manager.order_by("pk").values()) == before


PLACES = ["admin:index", "back-office-usage", "admin:auth_user_changelist"]


@pytest.mark.parametrize("place", PLACES)
def test_the_other_pages_open(place: str, staff: Client, world: World) -> None:
    assert staff.get(reverse(place)).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_nobody_without_a_sign_in_sees_a_list(model: type[Model], db: None) -> None:
    response = Client().get(url(model, "changelist"))

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("place", ["admin:index", "back-office-usage"])
def test_a_user_who_is_not_staff_is_sent_to_the_sign_in(place: str, db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("eve", password="x"))

    response = client.get(reverse(place))

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_staff_without_the_permission_is_refused(model: type[Model], db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("bob", password="x", is_staff=True))

    assert client.get(url(model, "changelist")).status_code == 403


def test_staff_without_permissions_sees_an_empty_overview_and_no_usage(world: World) -> None:
    client = Client()
    client.force_login(User.objects.create_user("bob", password="x", is_staff=True))

    overview = client.get("/admin/").content.decode()

    assert "may not see anything yet" in overview
    assert world.tenant.name not in overview
    assert client.get(reverse("back-office-usage")).status_code == 403


def test_who_may_only_look_gets_no_actions(world: World) -> None:
    looker = User.objects.create_user("cy", password="x", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_invoice"))
    client = Client()
    client.force_login(looker)
    invoice = world.invoices[0]

    page = client.get(url(Invoice, "change", invoice.pk)).content.decode()
    voiding = client.post(f"{url(Invoice, 'changelist')}{invoice.pk}/void/", {"reason": "no"})

    assert "/void/" not in page
    assert voiding.status_code == 403
    invoice.refresh_from_db()
    assert invoice.status == "PENDING"


def test_no_page_names_a_place_outside(staff: Client, world: World, rest: object) -> None:
    """Links in texts would be harmless; what is loaded must come from here."""
    pages = ["/admin/", "/admin/login/", reverse("back-office-usage")]
    pages += [url(model, "changelist") for model in MODELS]
    pages += [url(model, "change", first_of(model).pk) for model in MODELS]

    loaded = {
        found
        for page in pages
        for found in re.findall(
            r"(?:src|href|action|data-url)=[\"'](?:https?:)?//[^\"']+",
            staff.get(page).content.decode(),
        )
    }

    assert loaded == set()


def test_a_key_page_shows_neither_secret_nor_hash(staff: Client, key: ApiKey) -> None:
    page = staff.get(url(ApiKey, "change", key.pk)).content.decode()

    assert key.key in page
    assert key.secret_sha256 not in page


def test_money_has_its_decimals_and_times_their_zone(staff: Client, world: World) -> None:
    invoice = world.invoices[0]

    page = staff.get(url(Invoice, "changelist")).content.decode()

    assert invoice.total_minor == 5000
    assert "50.00\N{NO-BREAK SPACE}USD" in page
    assert "UTC" in page


def test_names_are_escaped(staff: Client, world: World) -> None:
    Tenant.objects.filter(pk=world.tenant.pk).update(name="<script>alert(1)</script>")

    pages = [
        staff.get(place).content.decode()
        for place in (
            "/admin/",
            url(Tenant, "changelist"),
            url(Tenant, "change", world.tenant.pk),
            url(Invoice, "changelist"),
            url(Invoice, "change", world.invoices[0].pk),
            f"{reverse('back-office-usage')}?tenant={world.tenant.pk}",
        )
    ]

    assert ["<script>alert(1)" in page for page in pages] == [False] * 6
    assert ["&lt;script&gt;alert(1)" in page for page in pages] == [True] * 6
