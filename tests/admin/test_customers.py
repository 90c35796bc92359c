"""Customers in the back office: their standing, their filters, and the tier that new ones get."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.kernel import clock
from billing.models import Plan, Subscription
from customers.models import Customer
from tests.admin.test_actions import act, entries, said
from tests.admin.test_pages import url
from tests.admin.world import World, make_customer, make_plan, make_tenant


def rows(response: Any) -> list[str]:
    return [row.name for row in response.context["cl"].result_list]


def listed(staff: Client, **query: str) -> list[str]:
    return rows(staff.get(url(Customer, "changelist"), query))


@pytest.fixture
def newcomer(world: World) -> Customer:
    """One that never subscribed."""
    now = clock.now()
    return make_customer(make_tenant(now, name="Newcomer"), now)


def test_the_list_says_tier_and_status(staff: Client, world: World, newcomer: Customer) -> None:
    page = staff.get(url(Customer, "changelist")).content.decode()

    cells = re.findall(
        r'<td[^>]*class="[^"]*field-(tier|standing)[ "][^>]*>(.*?)</td>', page, re.DOTALL
    )
    said = [re.sub(r"<[^>]*>", "", text).strip() for _name, text in cells]
    assert said == ["–", "–", "Pro", "Active"]


def test_filters_find_by_status_and_tier(staff: Client, world: World, newcomer: Customer) -> None:
    acme = world.tenant.name

    assert listed(staff) == ["Newcomer", acme]
    assert listed(staff, status="ACTIVE") == [acme]
    assert listed(staff, status="UNPAID") == []
    assert listed(staff, tier=world.plan.code) == [acme]
    assert listed(staff, tier="another") == []


def test_a_customers_page_leads_to_its_tenant_subscription_and_invoices(
    staff: Client, world: World
) -> None:
    page = staff.get(url(Customer, "change", world.tenant.pk)).content.decode()

    invoice = world.invoices[0]
    for thing in (world.plan, world.tenant, world.subscription, invoice):
        assert f'href="{url(type(thing), "change", thing.pk)}"' in page
    assert page.count("bo-code") >= 4  # its id, and the three of its team


def test_a_customers_page_does_without_a_subscription(staff: Client, newcomer: Customer) -> None:
    page = staff.get(url(Customer, "change", newcomer.pk))

    assert page.status_code == 200
    assert "No live subscription." in page.content.decode()
    assert not Subscription.objects.filter(account_id=newcomer.pk).exists()


def test_the_default_tier_is_set_after_a_question(staff: Client, world: World) -> None:
    old = make_plan(clock.now(), name="Free")
    Plan.objects.filter(pk=old.pk).update(is_default=True)
    place = reverse("admin:billing_plan_make_default", args=[world.plan.pk])

    question = staff.get(place).content.decode()
    asked = Plan.objects.get(is_default=True)
    done = act(staff, world.plan, "make_default")

    assert "It takes the place of Free." in question
    assert asked == old
    assert said(done) == [("success", "Pro is the default tier.")]
    assert Plan.objects.get(is_default=True) == world.plan
    assert entries("plan.updated") == ["staff:ada", "staff:ada"]


def test_an_archived_tier_is_refused_with_its_reason(staff: Client, world: World) -> None:
    Plan.objects.filter(pk=world.plan.pk).update(is_active=False)

    done = act(staff, world.plan, "make_default")

    assert said(done)[0][0] == "error"
    assert "is archived" in said(done)[0][1]
    assert not Plan.objects.filter(is_default=True).exists()


@pytest.mark.parametrize(
    ("fields", "offered"),
    [({}, True), ({"is_default": True}, False), ({"is_active": False}, False)],
)
def test_the_button_stands_where_it_would_do_something(
    staff: Client, world: World, fields: dict[str, bool], offered: bool
) -> None:
    Plan.objects.filter(pk=world.plan.pk).update(**fields)

    page = staff.get(url(Plan, "change", world.plan.pk)).content.decode()

    assert ("make_default" in page) is offered
