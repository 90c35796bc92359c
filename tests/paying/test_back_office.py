"""Staff see what Stripe told us and what it took, and can have it read or tried again."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from paying.admin.links import at_stripe
from paying.models import (
    Collection,
    Intent,
    Profile,
    Receipt,
    Reconciliation,
    StripeEvent,
    StripeThing,
)
from paying.records import EventStatus
from tests.fakes.stripe import Mood
from tests.paying.conftest import Shop

pytestmark = pytest.mark.django_db
MODELS = (Collection, Intent, Profile, Receipt, Reconciliation, StripeEvent, StripeThing)


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="a long enough one"))
    return client


@pytest.fixture
def paid(shop: Shop) -> Shop:
    """An invoice was collected, told of, and all of it compared."""
    from paying.reconciling import reconcile

    shop.subscribe()
    shop.link()
    shop.collect()
    (charge,) = shop.stripe.things("intent")
    shop.tell("payment_intent.succeeded", "payment_intent", charge["id"])
    shop.tell("customer.updated", "customer", shop.customer)
    reconcile(stripe=shop.stripe, now=StripeEvent.objects.latest("received_at").received_at)
    return shop


def page(model: Any, *args: int | str | UUID) -> str:
    what = "change" if args else "changelist"
    ids = [quote(one) for one in args]
    return reverse(f"admin:paying_{model._meta.model_name}_{what}", args=ids)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_page_opens(model: Any, staff: Client, paid: Shop) -> None:
    row = model.objects.first()

    answers = [staff.get(page(model)).status_code, staff.get(page(model, row.pk)).status_code]

    assert answers == [200, 200]


def test_an_event_links_to_stripes_dashboard(staff: Client, paid: Shop) -> None:
    newest = StripeEvent.objects.latest("received_at")
    shown = staff.get(page(StripeEvent, newest.pk)).content.decode()

    assert "https://dashboard.stripe.com/test/events/evt_" in shown
    assert page(StripeEvent) in staff.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize(
    ("name", "place"),
    [("du_1", "disputes"), ("py_1", "payments"), ("plan_1", "products"), ("price_1", "prices")],
)
def test_each_kind_of_object_links_to_its_page(name: str, place: str) -> None:
    assert f"https://dashboard.stripe.com/test/{place}/{name}" in at_stripe(name)


def test_the_tenants_page_says_how_it_pays(staff: Client, paid: Shop) -> None:
    shown = staff.get(reverse("admin:tenants_tenant_change", args=[paid.id])).content.decode()

    assert paid.customer in shown
    assert "pm_card_visa" in shown


def test_an_event_that_failed_is_read_again(staff: Client, shop: Shop) -> None:
    shop.link()
    shop.stripe.plan = [Mood.FAILS]
    row = shop.tell("customer.updated", "customer", shop.customer)
    StripeEvent.objects.update(status=EventStatus.FAILED, due_at=None)
    assert "StripeUnavailable" in staff.get(page(StripeEvent, row.pk)).content.decode()

    staff.post(f"{page(StripeEvent)}{quote(row.pk)}/retry/")
    shop.read()

    row.refresh_from_db()
    assert row.status == "DONE"


def test_the_button_of_an_event_is_found_by_way_of_the_list(staff: Client, shop: Shop) -> None:
    """Underscores of an id stand otherwise in an address; those before digits once read as "@"."""
    row = shop.tell("customer.updated", "customer", shop.customer, id="evt_40c1")
    StripeEvent.objects.update(status=EventStatus.FAILED, due_at=None)

    opened = follow(staff, page(StripeEvent), "/change/")
    asked = follow(staff, opened, "/retry/")
    answer = staff.post(asked, follow=True)

    row.refresh_from_db()
    assert row.status == EventStatus.WAITING
    assert answer.redirect_chain == [(opened, 302)]
    assert "evt_40c1" in answer.content.decode()


def follow(staff: Client, address: str, ending: str) -> str:
    """Return the one link of a page that leads to such an address."""
    found = re.findall(rf'href="([^"]*{ending})[?"]', staff.get(address).content.decode())
    link: str
    (link,) = {one for one in found if "stripeevent" in one}
    return link


def test_a_collection_is_tried_again(staff: Client, shop: Shop) -> None:
    shop.subscribe()
    shop.link()
    shop.stripe.decline = ["expired_card"]
    shop.collect()

    staff.post(f"{page(Collection)}{shop.invoice.pk}/again/")
    shop.collect()

    assert shop.invoice.status == "PAID"


def test_staff_choose_who_asks_for_the_money(staff: Client, paid: Shop) -> None:
    staff.post(f"{page(Profile)}{paid.id}/choose/", {"mode": "LEAD"})

    profile = Profile.objects.get()
    assert (profile.mode, profile.chosen) == ("LEAD", True)


@pytest.fixture
def profile(shop: Shop) -> Profile:
    """A tenant that Stripe knows, and nobody chose for."""
    shop.link()
    return Profile.objects.get()


def choose(profile: Profile) -> str:
    return f"{page(Profile)}{profile.pk}/choose/"


@pytest.mark.parametrize(("way", "asked"), [("INTENT", "AUTOMATIC"), ("INVOICE", "PUSHED")])
def test_staff_choose_what_stripe_is_given_of_our_invoices(
    staff: Client, shop: Shop, profile: Profile, way: str, asked: str
) -> None:
    answer = staff.post(choose(profile), {"mode": "COLLECT", "way": way})
    shop.subscribe()
    shop.collect()

    profile.refresh_from_db()
    assert answer.status_code == 302
    assert (profile.mode, profile.way, profile.chosen) == ("COLLECT", way, True)
    assert Intent.objects.get().purpose == asked
    assert shop.invoice.status == "PAID"


def test_the_form_begins_with_what_is_so(staff: Client, profile: Profile) -> None:
    Profile.objects.update(mode="LEAD", way="INVOICE")

    shown = staff.get(choose(profile)).content.decode()

    assert '<option value="LEAD" selected' in shown
    assert '<option value="INVOICE" selected' in shown


@pytest.mark.parametrize(
    "given", [{"mode": "COLLECT", "way": "PIGEON"}, {"mode": "BOTH"}, {"way": "INVOICE"}, {}]
)
def test_a_way_that_there_is_not_changes_nothing(
    staff: Client, profile: Profile, given: dict[str, str]
) -> None:
    answer = staff.post(choose(profile), given)

    profile.refresh_from_db()
    assert answer.status_code == 200  # the form again, saying what is wrong
    assert (profile.mode, profile.way, profile.chosen) == ("COLLECT", "INTENT", False)


@pytest.mark.parametrize("permissions", [[], ["view_profile"]])
def test_staff_without_the_permission_choose_nothing(
    profile: Profile, permissions: list[str]
) -> None:
    bob = User.objects.create_user("bob", password="x", is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(bob)

    answers = [
        client.get(choose(profile)).status_code,
        client.post(choose(profile), {"mode": "LEAD", "way": "INVOICE"}).status_code,
    ]

    profile.refresh_from_db()
    assert answers == [403, 403]
    assert (profile.mode, profile.way, profile.chosen) == ("COLLECT", "INTENT", False)
    shown = client.get(page(Profile, profile.pk))
    assert shown.status_code == (200 if permissions else 403)
    assert choose(profile) not in shown.content.decode()


def test_what_differs_is_listed_alone(staff: Client, paid: Shop) -> None:
    paid.stripe.set(paid.customer, name="Somebody else")
    paid.tell("customer.updated", "customer", paid.customer, id="evt_again")

    shown = {
        answer: staff.get(page(StripeThing), {"differs": answer}).content.decode()
        for answer in ("yes", "no")
    }

    assert "another name there" in shown["yes"]
    assert paid.customer not in shown["no"]
