"""Of a customer that was deleted nothing of a person or a card is left here, amounts are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.core.serializers import serialize

from billing.kernel import clock
from billing.models import Account
from paying import models
from paying.erasing import erase_profile
from paying.models import Profile, Receipt, StripeEvent
from tests.fakes.stripe import Mood
from tests.paying.conftest import Shop

pytestmark = pytest.mark.django_db
TABLES = [getattr(models, name) for name in models.__all__]


def kept() -> str:
    """Return all that this app has stored."""
    rows: list[Any] = [json.loads(serialize("json", table.objects.all())) for table in TABLES]
    return json.dumps(rows, ensure_ascii=False)


def test_what_names_a_person_or_a_card_goes_and_what_was_paid_stays(shop: Shop) -> None:
    shop.world.call("patch", f"/tenants/{shop.world.tenant}", {"name": "Ada Lovelace"})
    shop.subscribe()
    shop.link()
    shop.tell("customer.updated", "customer", shop.customer)
    shop.collect()
    shop.world.call("patch", f"/tenants/{shop.world.tenant}", {"name": "Ada King"})
    assert "pm_card_visa" in kept()

    account = Account.objects.lock(shop.id)
    assert erase_profile(account, now=clock.now()) is False

    profile = Profile.objects.get()
    assert (profile.payment_method, profile.tell_at, profile.asked) == ("", None, {})
    assert Receipt.objects.get().amount_minor == 3000
    for word in ("Ada", "Lovelace", "acme.example"):
        assert word not in kept()


def test_who_was_only_asked_for_is_forgotten_too(shop: Shop) -> None:
    shop.world.call("patch", f"/tenants/{shop.world.tenant}", {"name": "Ada Lovelace"})
    shop.stripe.plan = [Mood.FAILS]
    shop.world.post("/stripe/portal", {"tenantId": shop.world.tenant}, status=502)
    assert "Lovelace" in kept()

    erase_profile(Account.objects.lock(shop.id), now=clock.now())

    assert "Lovelace" not in kept()
    assert "acme.example" not in kept()


def test_deleting_a_customer_asks_this_app_too() -> None:
    assert "paying.erasing.erase_profile" in settings.BILLING_ERASERS


def test_of_an_event_nothing_is_kept_that_it_says_of_a_person(shop: Shop) -> None:
    shop.link()
    shop.tell("customer.updated", "customer", shop.customer)

    assert StripeEvent.objects.count() == 1
    assert "acme.example" not in kept()
