"""Paying in a real browser, at the sandbox's pages: Pro is bought; a card that fails is mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from billing.kernel import clock
from billing.stripe.current import gateway
from invoicing.models import Invoice
from paying.inbox.working import sweep_inbox
from paying.models import Collection, StripeEvent
from paying.money.collecting import collect_due
from tests import factories
from tests.browser.test_back_office import chromium  # noqa: F401  a fixture
from tests.client import Api, json_of
from tests.paying.sides import SandboxSide
from tests.scenarios.world import World
from tests.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FAILS_LATER = "4000 0000 0000 0341"


@pytest.fixture
def stripe(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxSide]:
    """Stand for Stripe, which tells our live server what happens."""
    hook = f"{live_server.url}/api/v1/billing/stripe/webhook"
    with Sandbox(webhook_url=hook) as sandbox:
        given = sandbox.settings()
        monkeypatch.setitem(settings.BILLING, "STRIPE_SECRET_KEY", given["STRIPE_SECRET_KEY"])
        monkeypatch.setitem(settings.BILLING, "STRIPE_API_HOST", given["STRIPE_API_HOST"])
        secrets = tuple(given["STRIPE_WEBHOOK_SECRET"].split(","))
        monkeypatch.setitem(settings.BILLING, "STRIPE_WEBHOOK_SECRET", secrets)
        yield SandboxSide(sandbox)
        assert sandbox.drifts == []


def work(stripe: SandboxSide) -> None:
    """Do what the worker does, once everything was told."""
    assert stripe.sandbox.webhooks.settle(20)
    sweep_inbox(stripe=gateway(), now=clock.now())
    assert not StripeEvent.objects.filter(status="WAITING").exclude(failure="").exists()


def pay(page: Any, card: str = "4242 4242 4242 4242") -> None:
    page.fill("[name=card]", card)
    page.click("button[value=pay]")


def test_a_person_buys_pro_and_sees_it_active(
    stripe: SandboxSide,
    live_server: Any,
    chromium: Any,  # noqa: F811
) -> None:
    factories.default_plan(currency="USD")
    pro = factories.plan_version(price_minor=3000, stripe_price_id=stripe.price())
    owner = Api.on_portal(sub=uuid4())
    json_of(owner.post("/customer", {"email": "ap@acme.example", "name": "Acme"}), 201)
    back = f"{live_server.url}/stripe/return"
    pages = {"successURL": back, "cancelURL": back}
    asked = owner.post("/stripe/upgrade", {"tierID": str(pro.plan_id), **pages})
    page = chromium.new_page()

    page.goto(json_of(asked)["checkoutURL"])
    pay(page)
    page.wait_for_url(back)
    work(stripe)

    assert "Thank you" in page.content()
    tier = json_of(owner.get("/customer/tier"))
    assert (tier["tierId"], tier["subscriptionStatus"]) == (str(pro.plan_id), "active")
    (theirs,) = stripe.made("subscription")
    assert theirs["status"] == "active"


def test_a_payment_that_fails_is_mended_in_the_portal(
    stripe: SandboxSide,
    live_server: Any,
    chromium: Any,  # noqa: F811
) -> None:
    world = World()
    world.begin("2026-03-01T00:00:00Z", billingEmail="ap@acme.example")
    plan = world.plan(payInAdvance=True)
    back = f"{live_server.url}/stripe/return"
    named = {"tenantId": world.tenant}
    bought = world.post("/stripe/checkout", {**named, "planId": plan, "successUrl": back})
    page = chromium.new_page()

    page.goto(bought["sessionUrl"])
    pay(page, FAILS_LATER)
    page.wait_for_url(back)
    work(stripe)
    world.advance("2026-03-01T02:00:00Z")
    collect_due(stripe=gateway(), now=clock.now())
    work(stripe)

    due = Invoice.objects.get(account_id=world.tenant)
    assert (due.status, Collection.objects.get().status) == ("PENDING", "DECLINED")

    portal = world.post("/stripe/portal", {**named, "returnUrl": back})["portalUrl"]
    page.goto(portal)
    page.fill("[name=card]", "4242 4242 4242 4242")
    page.click("button[value=card]")
    page.wait_for_load_state()
    work(stripe)
    collect_due(stripe=gateway(), now=clock.now())

    due.refresh_from_db()
    assert (due.status, due.amount_paid_minor) == ("PAID", 3000)
