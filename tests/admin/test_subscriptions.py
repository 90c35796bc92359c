"""What staff do with subscriptions and coupons: the services of the API, after a question."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from billing.kernel import clock
from billing.models import CreditGrant, Discount, Subscription
from coupons.models import Coupon, Redemption
from coupons.services import redeem_coupon
from tests import factories
from tests.admin.test_actions import act, entries, said
from tests.admin.test_pages import url
from tests.admin.world import World


@pytest.fixture
def subscription(world: World) -> Subscription:
    return Subscription.objects.live().get(account_id=world.tenant.pk)


@pytest.fixture
def reader(db: None) -> Client:
    """A browser of staff who may look at subscriptions, and no more."""
    looker = User.objects.create_user("bob", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_subscription"))
    client = Client()
    client.force_login(looker)
    return client


def fresh(subscription: Subscription) -> Subscription:
    return Subscription.objects.get(pk=subscription.pk)


def buttons(client: Client, subscription: Subscription) -> list[str]:
    page = client.get(url(Subscription, "change", subscription.pk)).content.decode()
    names = ("change_plan", "give_discount", "give_credit", "pause", "resume", "reactivate")
    return [name for name in (*names, "cancel") if f"{subscription.pk}/{name}/" in page]


def test_each_action_asks_first_and_says_what_will_happen(
    staff: Client, subscription: Subscription
) -> None:
    told = {
        "change_plan": "gives the unused part of the old fee back",
        "give_discount": "off every invoice of a period that ends after now",
        "give_credit": "pays the next invoices",
        "pause": "no fee accrues",
        "cancel": "It ends with its period",
    }
    for name, words in told.items():
        page = staff.get(f"{url(Subscription, 'changelist')}{subscription.pk}/{name}/")

        assert (page.status_code, words in page.content.decode()) == (200, True), name
    assert fresh(subscription).updated_at == subscription.updated_at


def test_buttons_stand_where_the_state_allows_them(
    staff: Client, subscription: Subscription
) -> None:
    usual = ["change_plan", "give_discount", "give_credit", "pause", "cancel"]
    assert buttons(staff, subscription) == usual

    act(staff, subscription, "pause")
    assert buttons(staff, subscription) == [*usual[:3], "resume", "cancel"]

    act(staff, subscription, "resume")
    act(staff, subscription, "cancel", reason="too dear")
    assert buttons(staff, subscription) == [*usual[:4], "reactivate", "cancel"]
    assert fresh(subscription).cancellation_reason == "too dear"

    act(staff, subscription, "reactivate")
    assert buttons(staff, subscription) == usual
    assert fresh(subscription).status == "ACTIVE"
    assert entries("subscription.paused") == ["staff:ada"]


def test_a_plan_is_changed_with_the_next_period_or_now(
    staff: Client, subscription: Subscription
) -> None:
    other = factories.plan_version(price_minor=9900, currency=subscription.account.currency)

    later = act(staff, subscription, "change_plan", plan=str(other.pk), when="PERIOD_END")
    assert said(later) == [("success", "The plan is changed.")]
    assert fresh(subscription).pending_plan_version_id == other.pk

    act(staff, subscription, "change_plan", plan=str(other.pk), when="NOW", prorate="on")
    changed = fresh(subscription)
    assert (changed.plan_version_id, changed.pending_plan_version_id) == (other.pk, None)


def test_a_plan_that_is_not_offered_is_no_choice(staff: Client, subscription: Subscription) -> None:
    foreign = factories.plan_version(currency="KWD")

    asked = act(staff, subscription, "change_plan", plan=str(foreign.pk), when="NOW")

    assert asked.status_code == 200
    assert fresh(subscription).plan_version_id == subscription.plan_version_id


def test_a_discount_and_credit_are_given(staff: Client, subscription: Subscription) -> None:
    act(staff, subscription, "give_discount", discountPercent="12.5", durationMonths="3")
    done = act(staff, subscription, "give_credit", amount="20.00", reason="sorry")

    discount = Discount.objects.get(subscription=subscription)
    assert (discount.percent, discount.duration_months) == (Decimal("12.5"), 3)
    assert CreditGrant.objects.get(reason="sorry").amount_minor == 2000
    assert said(done)[-1][0] == "success"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("give_discount", {"discountPercent": "100.01"}),
        ("give_discount", {"discountPercent": "0"}),
        ("give_discount", {"discountPercent": "5", "discountAmount": "5"}),
        ("give_discount", {"discountAmount": "1.001"}),
        ("give_discount", {"discountPercent": "5", "durationMonths": "1000000"}),
        ("give_credit", {"amount": "-1.00"}),
        ("give_credit", {"amount": "many"}),
        ("give_credit", {"amount": "5.00", "expires_on": "2001-01-01"}),
    ],
)
def test_what_can_not_be_given_is_said_and_nothing_changes(
    staff: Client, subscription: Subscription, name: str, given: dict[str, str]
) -> None:
    grants = CreditGrant.objects.count()

    asked = act(staff, subscription, name, **given)

    assert (asked.status_code, said(asked)[-1:]) in ((200, []), (302, said(asked)[-1:]))
    assert [level for level, _ in said(asked)] in ([], ["error"])
    assert Discount.objects.filter(subscription=subscription).count() == 0
    assert CreditGrant.objects.count() == grants


def test_who_only_looks_has_no_buttons(reader: Client, subscription: Subscription) -> None:
    assert buttons(reader, subscription) == []
    assert act(reader, subscription, "pause").status_code in {302, 403}
    assert fresh(subscription).status == subscription.status


def made(client: Client, **given: str) -> Any:
    form = {
        "code": "Spring",
        "discount_type": "PERCENTAGE",
        "value": "10",
        "max_redemptions_per_tenant": "1",
        **given,
    }
    return client.post(url(Coupon, "add"), form)


def test_a_coupons_amounts_have_the_decimals_of_its_currency(staff: Client, world: World) -> None:
    made(staff, discount_type="FIXED_AMOUNT", value="1234.5", currency="EUR", minimum_amount="1500")
    coupon = Coupon.objects.get()

    page = staff.get(url(Coupon, "change", coupon.pk)).content.decode()

    assert "1,234.50\N{NO-BREAK SPACE}EUR off" in page
    assert "1,500.00\N{NO-BREAK SPACE}EUR" in page


def test_a_coupon_is_made_and_taken_off_the_offer(
    staff: Client, world: World, subscription: Subscription
) -> None:
    assert made(staff, duration_months="3").status_code == 302
    coupon = Coupon.objects.get()
    redeem_coupon(account_id=world.tenant.pk, code="spring", now=clock.now())

    page = staff.get(url(Coupon, "change", coupon.pk)).content.decode()
    listed = staff.get(url(Coupon, "changelist")).content.decode()
    done = act(staff, coupon, "deactivate")

    coupon.refresh_from_db()
    assert ("10% off" in page, "10% off" in listed) == (True, True)
    assert escape(str(world.tenant)) in page, "who redeemed it"
    assert (coupon.is_active, Redemption.objects.count()) == (False, 1)
    assert said(done)[-1] == ("success", "The coupon Spring is off the offer.")
    assert entries("coupon.created") == entries("coupon.deactivated") == ["staff:ada"]


@pytest.mark.parametrize(
    "given",
    [
        {"value": "0"},
        {"value": "100.01"},
        {"discount_type": "CREDIT", "value": "5"},
        {"discount_type": "FIXED_AMOUNT", "value": "5.001", "currency": "USD"},
        {"discount_type": "CREDIT", "value": "5", "currency": "USD", "duration_months": "2"},
        {"duration_months": "1000000"},
        {"max_redemptions": "0"},
        {"code": "with/slash"},
        {"code": " "},
    ],
)
def test_what_no_coupon_can_be_is_said_on_the_form(staff: Client, given: dict[str, str]) -> None:
    asked = made(staff, **given)

    assert (asked.status_code, Coupon.objects.count()) == (200, 0)
    assert "errorlist" in asked.content.decode() or "error" in asked.content.decode()


def test_a_code_that_is_taken_in_any_letter_case_is_said(staff: Client) -> None:
    made(staff)

    asked = made(staff, code="sPRING")

    assert (asked.status_code, Coupon.objects.count()) == (200, 1)
