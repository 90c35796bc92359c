"""Objects of the sandbox, written into the mirror and read in the back office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import stripe
from celery import current_app
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from tests.stripe_sandbox.server import Sandbox
from tests.stripe_sandbox.world import public

if not apps.is_installed("djstripe"):
    pytest.skip("the mirror is not installed: test_apart.py runs these", allow_module_level=True)

from djstripe import models

from billing.stripe.mirror import writing
from paying import mirroring


@pytest.fixture
def client(stripe_sandbox: Sandbox) -> Any:
    return stripe.StripeClient(
        stripe_sandbox.key, base_addresses={"api": stripe_sandbox.url}, max_network_retries=0
    )


@pytest.fixture
def world(client: Any, stripe_sandbox: Sandbox) -> dict[str, Any]:
    """A customer with a paid subscription, a refund and a checkout."""
    product = client.v1.products.create({"name": "Pro"})
    price = client.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 2000,
            "recurring": {"interval": "month"},
        }
    )
    customer = client.v1.customers.create({"email": "a@example.com"})
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    subscription = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "default_payment_method": method.id,
        }
    )
    charge = client.v1.charges.list({"customer": customer.id}).data[0]
    client.v1.refunds.create({"charge": charge.id, "amount": 500})
    client.v1.coupons.create({"percent_off": 10})
    return {"subscription": subscription.id, "customer": customer.id, "price": price.id}


def found(sandbox: Sandbox, kind: str, name: str) -> Mapping[str, Any] | None:
    with sandbox.world.lock:
        one = sandbox.world.objects[kind].get(name)
        return None if one is None else dict(public(one))


@pytest.fixture
def fetch(stripe_sandbox: Sandbox) -> writing.Fetch:
    return lambda kind, name: found(stripe_sandbox, kind, name)


@pytest.mark.django_db
def test_what_an_object_needs_is_written_before_it(
    world: dict[str, Any], stripe_sandbox: Sandbox, fetch: writing.Fetch
) -> None:
    writing.sync(found(stripe_sandbox, "subscription", world["subscription"]) or {}, fetch=fetch)

    kept = models.Subscription.objects.get()
    assert kept.customer.id == world["customer"]
    assert kept.stripe_data["status"] == "active"
    assert [item.stripe_data["price"]["id"] for item in kept.items.all()] == [world["price"]]


@pytest.mark.django_db
def test_every_kind_that_the_sandbox_has_can_be_written_twice(
    world: dict[str, Any], stripe_sandbox: Sandbox, fetch: writing.Fetch
) -> None:
    written = set()
    for _ in range(2):
        for kind, rows in stripe_sandbox.world.objects.items():
            for name in rows if kind in writing.KINDS else ():
                writing.sync(found(stripe_sandbox, kind, name) or {}, fetch=fetch)
                written.add(kind)

    assert {"charge", "coupon", "customer", "invoice", "payment_intent", "price"} <= written
    assert models.Customer.objects.count() == 1
    assert models.Charge.objects.get().stripe_data["amount_refunded"] == 500


@pytest.mark.django_db
def test_the_last_one_written_stands(
    world: dict[str, Any], stripe_sandbox: Sandbox, fetch: writing.Fetch, client: Any
) -> None:
    writing.sync(found(stripe_sandbox, "customer", world["customer"]) or {}, fetch=fetch)
    client.v1.customers.update(world["customer"], {"name": "Renamed"})
    writing.sync(found(stripe_sandbox, "customer", world["customer"]) or {}, fetch=fetch)

    writing.sync({"id": world["customer"], "object": "customer", "deleted": True}, fetch=fetch)

    kept = models.Customer.objects.get()
    assert (kept.stripe_data["name"], kept.stripe_data["deleted"]) == ("Renamed", True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "odd", [{}, {"object": "payout", "id": "po_1"}, {"object": "price", "id": "price_1"}]
)
def test_what_has_no_place_is_said(odd: dict[str, Any], fetch: writing.Fetch) -> None:
    with pytest.raises(writing.NotMirrored):
        writing.sync(odd, fetch=fetch)


@pytest.mark.django_db
def test_no_key_and_no_account_is_kept(
    world: dict[str, Any], stripe_sandbox: Sandbox, fetch: writing.Fetch
) -> None:
    writing.sync(found(stripe_sandbox, "subscription", world["subscription"]) or {}, fetch=fetch)

    assert not models.APIKey.objects.exists()
    assert not models.Account.objects.exists()


@pytest.mark.django_db
def test_staff_reads_it_and_finds_stripes_own_page(
    world: dict[str, Any], stripe_sandbox: Sandbox, fetch: writing.Fetch
) -> None:
    writing.sync(found(stripe_sandbox, "subscription", world["subscription"]) or {}, fetch=fetch)
    staff = Client()
    staff.force_login(User.objects.create_superuser("root", password="x"))

    home = staff.get("/admin/").content.decode()
    listed = staff.get("/admin/djstripe/customer/").content.decode()
    kept = models.Customer.objects.get()
    page = staff.get(f"/admin/djstripe/customer/{kept.pk}/change/").content.decode()

    assert "/admin/djstripe/subscription/" in home
    assert f"https://dashboard.stripe.com/test/customers/{world['customer']}" in listed
    assert "a@example.com" in page
    assert 'name="_save"' not in page
    assert staff.get("/admin/djstripe/customer/add/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_what_the_inbox_has_read_is_mirrored(
    world: dict[str, Any], stripe_sandbox: Sandbox, settings: Any
) -> None:
    settings.BILLING = {
        **settings.BILLING,
        "STRIPE_SECRET_KEY": stripe_sandbox.key,
        "STRIPE_API_HOST": stripe_sandbox.url,
    }

    written = mirroring.mirror_object("subscription", world["subscription"])
    missing = mirroring.mirror_object("customer", "cus_none")

    assert (written, missing) == (True, False)
    assert models.Subscription.objects.get().customer.id == world["customer"]


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_is_a_task_with_its_object(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, str]] = []
    task = current_app.tasks[mirroring.TASK]
    monkeypatch.setattr(task, "apply_async", lambda kwargs, **_: sent.append(kwargs))

    mirroring.wake("customer", "cus_1")
    mirroring.wake("payout", "po_1")

    assert sent == [{"kind": "customer", "object_id": "cus_1"}]


def test_nothing_of_ours_refers_to_its_tables() -> None:
    ours = [model for model in apps.get_models() if model._meta.app_label != "djstripe"]

    refer = {
        model
        for model in ours
        for field in model._meta.concrete_fields
        if field.related_model is not None
        and getattr(field.related_model, "_meta", None) is not None
        and field.related_model._meta.app_label == "djstripe"
    }

    assert refer == set()


@pytest.mark.django_db
def test_the_migration_is_what_the_models_say() -> None:
    call_command("makemigrations", "djstripe", "--check", "--dry-run", verbosity=0)
