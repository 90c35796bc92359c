"""Buying a plan on Stripe's page: it takes effect when Stripe says so, once."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from billing.models import Subscription, TrialUse
from paying.models import Checkout, Profile
from tests.client import Api, error_of, fields_of, json_of
from tests.fakes.stripe import FakeStripe, Mood
from tests.paying.conftest import Shop

pytestmark = pytest.mark.django_db

PAGES = {"successUrl": "https://app.example/ok", "cancelUrl": "https://app.example/no"}


def checkout(shop: Shop, plan: str = "", **more: Any) -> dict[str, Any]:
    body = {"tenantId": shop.world.tenant, "planId": plan or shop.plan, **more}
    answer: dict[str, Any] = shop.world.post("/stripe/checkout", body)
    return answer


def live(shop: Shop) -> Subscription:
    return Subscription.objects.live().get(account_id=shop.id)


def complete(shop: Shop, session: str) -> None:
    shop.stripe.buy(session)
    row = shop.tell("checkout.session.completed", "checkout.session", session)
    assert row.status == "DONE", row.failure


def test_a_plan_of_ours_is_in_force_once_stripe_says_that_it_was_bought(shop: Shop) -> None:
    page = checkout(shop, **PAGES)

    assert page["sessionUrl"].startswith("https://checkout.stripe.example/")
    assert not Subscription.objects.filter(account_id=shop.id).exists()
    complete(shop, page["sessionId"])

    assert (live(shop).status, live(shop).stripe_subscription_id) == ("ACTIVE", "")
    profile = Profile.objects.get()
    assert (profile.mode, profile.payment_method) == ("COLLECT", "pm_card_visa")
    assert shop.stripe.customers[shop.customer]["payment_method"] == "pm_card_visa"
    assert Checkout.objects.get().status == "DONE"


def test_what_is_bought_is_collected(shop: Shop) -> None:
    complete(shop, checkout(shop)["sessionId"])
    shop.world.advance("2026-03-01T02:00:00Z")

    shop.collect()

    assert (shop.invoice.status, shop.invoice.amount_paid_minor) == ("PAID", 3000)


def test_a_plan_with_stripes_price_is_led_by_stripe(shop: Shop) -> None:
    pro = shop.world.plan(stripePriceId="price_pro", payInAdvance=True)

    complete(shop, checkout(shop, pro)["sessionId"])

    (theirs,) = shop.stripe.things("subscription")
    assert (live(shop).stripe_subscription_id, live(shop).status) == (theirs["id"], "ACTIVE")
    assert Profile.objects.get().mode == "LEAD"
    shop.world.advance("2026-03-01T02:00:00Z")
    shop.collect()
    assert (shop.invoice.status, shop.stripe.things("intent")) == ("PENDING", [])


def test_completed_twice_it_is_in_force_once(shop: Shop) -> None:
    page = checkout(shop)["sessionId"]
    complete(shop, page)
    begun = live(shop).started_at

    shop.tell("checkout.session.completed", "checkout.session", page, id="evt_again")

    assert Subscription.objects.get(account_id=shop.id).started_at == begun


def test_buying_another_plan_changes_the_one_that_is_live(shop: Shop) -> None:
    shop.subscribe()
    other = shop.world.plan(price="90.00", payInAdvance=True)

    complete(shop, checkout(shop, other)["sessionId"])

    assert live(shop).plan_version.plan.code == other
    assert Subscription.objects.filter(account_id=shop.id).count() == 1


def test_the_trial_is_given_once(shop: Shop) -> None:
    shop.subscribe()
    tried = shop.world.plan(price="90.00", trialDays=14)

    complete(shop, checkout(shop, tried)["sessionId"])

    assert live(shop).status == "TRIALING"
    assert TrialUse.objects.count() == 1
    shop.world.advance("2026-03-20T00:00:00Z")
    complete(shop, checkout(shop, shop.plan)["sessionId"])
    complete(shop, checkout(shop, tried)["sessionId"])
    assert live(shop).status == "ACTIVE"
    assert [row["trial_days"] for row in shop.stripe.things("checkout")] == [14, 0, 0]


def test_another_page_closes_the_one_before(shop: Shop) -> None:
    first, second = checkout(shop), checkout(shop)

    states = {row["id"]: row["status"] for row in shop.stripe.things("checkout")}
    assert states == {first["sessionId"]: "expired", second["sessionId"]: "open"}


def test_a_second_subscription_at_stripe_ends_the_first(shop: Shop) -> None:
    basic = shop.world.plan(stripePriceId="price_basic")
    pro = shop.world.plan(stripePriceId="price_pro")
    one = checkout(shop, basic)["sessionId"]
    complete(shop, one)

    complete(shop, checkout(shop, pro)["sessionId"])

    states = {row["price_id"]: row["status"] for row in shop.stripe.things("subscription")}
    assert states == {"price_basic": "canceled", "price_pro": "active"}
    assert live(shop).plan_version.plan.code == pro


def test_the_plan_that_is_led_already_is_not_sold_again(shop: Shop) -> None:
    pro = shop.world.plan(stripePriceId="price_pro")
    complete(shop, checkout(shop, pro)["sessionId"])

    body = {"tenantId": shop.world.tenant, "planId": pro}
    shop.world.post("/stripe/checkout", body, status=409)


def test_a_price_that_stripe_does_not_have_is_named(shop: Shop) -> None:
    odd = shop.world.plan(stripePriceId="price_nobody")

    answer = Api.of("billing_admin").post(
        "/stripe/checkout", {"tenantId": shop.world.tenant, "planId": odd}
    )

    assert error_of(answer) == (409, "PRICE_NOT_AT_STRIPE")


def test_without_stripe_it_says_so(db: None) -> None:
    shop = Shop(FakeStripe())
    shop.open()

    admin = Api.of("billing_admin")
    body = {"tenantId": shop.world.tenant, "planId": shop.plan}
    assert error_of(admin.post("/stripe/checkout", body)) == (503, "STRIPE_NOT_CONFIGURED")
    portal = admin.post("/stripe/portal", {"tenantId": shop.world.tenant})
    assert error_of(portal) == (503, "STRIPE_NOT_CONFIGURED")


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.LOST_BEFORE, Mood.LOST_AFTER])
def test_a_lost_answer_leaves_one_customer(shop: Shop, mood: Mood) -> None:
    shop.stripe.plan = [mood]
    body = {"tenantId": shop.world.tenant, "planId": shop.plan}
    failed = Api.of("billing_admin").post("/stripe/checkout", body)

    again = checkout(shop)

    assert error_of(failed) == (502, "STRIPE_ERROR")
    assert list(shop.stripe.customers) == [shop.customer]
    assert again["sessionUrl"]


def test_with_a_key_the_same_page_is_answered(shop: Shop) -> None:
    body = {"tenantId": shop.world.tenant, "planId": shop.plan}
    admin = Api.of("billing_admin")

    answers = [
        json_of(admin.post("/stripe/checkout", body, idempotency_key="one")) for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert len(shop.stripe.things("checkout")) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/ok",
        "https://app.example.evil.example/billing/ok",
        "https://app.example/other",
        "https://app.example/billing/../other",
        "https://app.example/billing/%2e%2e/other",
        "http://app.example/billing/ok",
        "https://app.example:444/billing/ok",
        "https://app.example@evil.example/billing/ok",
        "https://app.example\\@evil.example/billing/ok",
        "https://app.example/billingother",
    ],
)
def test_a_browser_is_sent_nowhere_else(
    shop: Shop, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = ("https://app.example/billing",)
    monkeypatch.setitem(settings.BILLING, "STRIPE_RETURN_URLS", places)
    body = {"tenantId": shop.world.tenant, "planId": shop.plan, **PAGES, "successUrl": url}

    assert "successUrl" in fields_of(Api.of("billing_admin").post("/stripe/checkout", body))


def test_a_browser_is_sent_where_the_setting_says(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = ("https://app.example/billing/",)
    monkeypatch.setitem(settings.BILLING, "STRIPE_RETURN_URLS", places)

    checkout(shop, successUrl="https://APP.example:443/billing/ok?session=1#top")

    (page,) = shop.stripe.things("checkout")
    assert page["success_url"] == "https://APP.example:443/billing/ok?session=1#top"
    assert page["cancel_url"] == places[0]


def test_the_portal_is_a_tenants_or_a_customers(shop: Shop) -> None:
    url = shop.world.post("/stripe/portal", {"customerId": shop.world.tenant})["portalUrl"]

    assert url == f"https://billing.stripe.example/p/{shop.customer}"
    admin = Api.of("billing_admin")
    assert fields_of(admin.post("/stripe/portal", {})) == ["tenantId", "customerId"]


def test_surface_a_sends_the_owner_to_both(team: Any, stripe: FakeStripe) -> None:
    from tests import factories

    tier = factories.plan_version(price_minor=900).plan
    pages = {"successURL": "https://app.example/ok", "cancelURL": "https://app.example/no"}

    upgrade = json_of(team.owner.post("/stripe/upgrade", {"tierID": str(tier.pk), **pages}))
    portal = json_of(team.owner.get("/stripe/customer"))

    assert upgrade["checkoutURL"].startswith("https://checkout.stripe.example/")
    assert portal["url"].startswith("https://billing.stripe.example/")
