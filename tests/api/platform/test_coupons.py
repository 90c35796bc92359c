"""Coupons: made, asked about, redeemed; and why not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.models import CreditGrant, Discount
from coupons.models import Coupon, Redemption
from tests.scenarios.world import World, amounts

pytestmark = pytest.mark.django_db
TEN = {"code": "Spring-10", "discountType": "PERCENTAGE", "discountValue": "10"}


@pytest.fixture
def world() -> World:
    made = World()
    made.begin("2025-04-01T00:00:00Z")
    return made


def coupon(world: World, **given: Any) -> Any:
    return world.post("/coupons", {**TEN, **given}, status=201)


def ask(world: World, code: str = "Spring-10", **given: Any) -> Any:
    return world.post("/coupons/validate", {"code": code, "tenantId": world.tenant, **given})


def redeem(world: World, code: str = "Spring-10", **given: Any) -> Any:
    given.setdefault("status", 200)
    status = given.pop("status")
    body = {"code": code, "tenantId": world.tenant, **given}
    return world.post("/coupons/redeem", body, status=status)


def test_a_coupon_is_shown_as_it_was_made(world: World) -> None:
    plan = world.get(f"/plans/{world.plan()}")

    made = coupon(
        world,
        description="In spring",
        durationMonths=3,
        maxRedemptions=100,
        expiresAt="2999-01-01T00:00:00Z",
        applicablePlanIds=[plan["code"]],
        minimumAmount="5",
    )

    assert made == {
        "id": made["id"],
        "code": "Spring-10",
        "description": "In spring",
        "discountType": "PERCENTAGE",
        "discountValue": "10",
        "currency": None,
        "durationMonths": 3,
        "maxRedemptions": 100,
        "maxRedemptionsPerTenant": 1,
        "currentRedemptions": 0,
        "expiresAt": "2999-01-01T00:00:00Z",
        "applicablePlanIds": [plan["id"]],
        "minimumAmount": "5",
        "isActive": True,
        "createdAt": made["createdAt"],
    }
    assert world.get(f"/coupons/{made['id']}") == made
    assert world.get("/coupons?active=true")["data"] == [made]
    assert world.get("/coupons?active=false")["data"] == []


def test_null_is_as_if_left_out(world: World) -> None:
    absent = ("description", "currency", "durationMonths", "maxRedemptions", "expiresAt")

    made = coupon(world, **dict.fromkeys([*absent, "applicablePlanIds", "minimumAmount"]))

    assert [made[name] for name in absent] == [None] * len(absent)
    assert (made["applicablePlanIds"], made["minimumAmount"]) == ([], None)


def test_a_code_is_taken_in_any_letter_case(world: World) -> None:
    coupon(world)

    refused = world.post("/coupons", {**TEN, "code": "sPRING-10"}, status=409)

    assert refused["error"]["code"] == "ALREADY_EXISTS"
    assert Coupon.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"discountValue": "0"}, "discountValue"),
        ({"discountValue": "-5"}, "discountValue"),
        ({"discountValue": "100.01"}, "discountValue"),
        ({"discountType": "FIXED_AMOUNT", "discountValue": "5"}, "currency"),
        (
            {"discountType": "FIXED_AMOUNT", "discountValue": "5.001", "currency": "USD"},
            "discountValue",
        ),
        ({"discountType": "CREDIT", "discountValue": "0", "currency": "USD"}, "discountValue"),
        (
            {
                "discountType": "CREDIT",
                "discountValue": "5",
                "currency": "USD",
                "durationMonths": 2,
            },
            "durationMonths",
        ),
        ({"durationMonths": 0}, "durationMonths"),
        ({"durationMonths": 1_000_000}, "durationMonths"),
        ({"maxRedemptions": 0}, "maxRedemptions"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"code": "with/slash"}, "code"),
        ({"code": " outer "}, "code"),
        ({"discountType": "percentage"}, "discountType"),
        ({"applicablePlanIds": "pro"}, "applicablePlanIds"),
        ({"minimumAmount": "-1"}, "minimumAmount"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_no_coupon_can_be(world: World, given: dict[str, Any], field: str) -> None:
    refused = world.post("/coupons", {**TEN, **given}, status=400)

    assert [problem["field"] for problem in refused["error"]["details"]] == [field]
    assert Coupon.objects.count() == 0


def test_a_coupon_expires_by_the_clock_of_whoever_redeems_it(world: World) -> None:
    """A tenant on a test clock lives in 2025: what ends there lies in the real past."""
    coupon(world, expiresAt="2025-05-01T00:00:00Z")
    world.subscribe(world.plan())
    world.advance("2025-04-30T23:59:59Z")
    before = ask(world)["valid"]

    world.advance("2025-05-01T00:00:00Z")

    assert before is True
    assert ask(world)["reason"] == "EXPIRED"
    assert redeem(world, status=409)["error"]["code"] == "EXPIRED"


def test_a_redeemed_percentage_is_on_the_invoices_of_its_months(world: World) -> None:
    coupon(world, durationMonths=2)
    world.subscribe(world.plan())

    redeemed = redeem(world, " spring-10 ")

    assert (redeemed["discountType"], redeemed["discountValue"]) == ("PERCENTAGE", "10")
    (discount,) = world.subscription()["discounts"]
    assert (discount["discountPercent"], discount["couponCode"]) == ("10", "Spring-10")
    assert discount["endsAt"] is None
    world.advance("2025-07-01T01:00:00Z")
    totals = [invoice["total"] for invoice in world.invoices()]
    assert totals == ["27.00", "27.00", "30.00"]
    assert world.subscription()["discounts"][0]["endsAt"] == "2025-06-01T00:00:00Z"


def test_a_coupon_with_the_subscription_is_on_the_first_invoice_in_advance(world: World) -> None:
    coupon(world, discountType="FIXED_AMOUNT", discountValue="12.50", currency="USD")

    world.subscribe(world.plan(payInAdvance=True), couponCode="SPRING-10")

    (first,) = world.invoices()
    assert amounts(first) == [("PLAN", "30.00"), ("DISCOUNT", "-12.50")]
    assert first["total"] == "17.50"


def test_a_coupon_on_a_trial_begins_to_last_with_the_first_bill(world: World) -> None:
    coupon(world, durationMonths=1)
    world.subscribe(world.plan(trialDays=14), couponCode="Spring-10")

    world.advance("2025-06-15T01:00:00Z")

    assert [invoice["total"] for invoice in world.invoices()] == ["27.00", "30.00"]


def test_a_refused_coupon_leaves_no_subscription(world: World) -> None:
    plan = world.plan()

    refused = world.post(
        f"/tenants/{world.tenant}/subscriptions",
        {"planId": plan, "couponCode": "nothing"},
        status=409,
    )

    assert refused["error"]["code"] == "UNKNOWN"
    assert world.get(f"/tenants/{world.tenant}/subscriptions")["data"] == []


def test_credit_is_granted_once_and_needs_no_subscription(world: World) -> None:
    coupon(world, discountType="CREDIT", discountValue="25", currency="USD")

    redeemed = redeem(world)

    assert redeemed["subscriptionId"] is None
    assert CreditGrant.objects.get(account_id=world.tenant).amount_minor == 2500
    assert world.get(f"/tenants/{world.tenant}")["creditBalance"] == "25.00"


def refusals(world: World) -> list[tuple[str, dict[str, Any], str]]:
    """Return what can stand in the way: (name, the coupon's fields, the reason)."""
    other = world.get(f"/plans/{world.plan()}")["id"]
    return [
        ("EXPIRED", {"expiresAt": "2999-01-01T00:00:00Z"}, "EXPIRED"),
        ("PLAN", {"applicablePlanIds": [other]}, "PLAN_NOT_APPLICABLE"),
        (
            "CURRENCY",
            {"discountType": "FIXED_AMOUNT", "discountValue": "5", "currency": "EUR"},
            "CURRENCY_MISMATCH",
        ),
        ("MINIMUM", {"minimumAmount": "30.01"}, "BELOW_MINIMUM"),
    ]


def test_each_reason_is_told_before_and_at_the_redemption(world: World) -> None:
    world.subscribe(world.plan())
    seen = {}
    for name, fields, reason in refusals(world):
        coupon(world, code=name, **fields)
        if name == "EXPIRED":
            Coupon.objects.filter(code=name).update(expires_at=datetime(2025, 4, 1, tzinfo=UTC))
        verdict = ask(world, name)
        refused = redeem(world, name, status=409)["error"]
        seen[reason] = (verdict["valid"], verdict["reason"], refused["code"])
        assert verdict["message"] == refused["message"]

    assert seen == {reason: (False, reason, reason) for reason in seen}
    assert len(seen) == 4
    assert Discount.objects.count() == Redemption.objects.count() == 0


def test_exhausted_redeemed_already_inactive_and_unknown(world: World) -> None:
    world.subscribe(world.plan())
    made = coupon(world, maxRedemptions=1)
    assert ask(world)["valid"] is True
    redeem(world)

    assert ask(world)["reason"] == "EXHAUSTED"
    coupon(world, code="again")
    redeem(world, "again")
    assert ask(world, "again")["reason"] == "ALREADY_REDEEMED"
    assert redeem(world, "again", status=409)["error"]["code"] == "ALREADY_REDEEMED"
    off = world.post(f"/coupons/{made['id']}/deactivate", status=200)
    assert (off["isActive"], off["currentRedemptions"]) == (False, 1)
    assert ask(world)["reason"] == "INACTIVE"
    assert ask(world, "nobody")["reason"] == "UNKNOWN"
    assert len(world.subscription()["discounts"]) == 2


def test_a_deactivated_coupon_goes_on_where_it_was_redeemed(world: World) -> None:
    made = coupon(world)
    world.subscribe(world.plan())
    redeem(world)

    world.post(f"/coupons/{made['id']}/deactivate", status=200)
    world.advance("2025-05-01T01:00:00Z")

    assert world.invoices()[0]["total"] == "27.00"


def test_without_a_live_subscription_a_discount_has_nowhere_to_go(world: World) -> None:
    coupon(world)

    refused = redeem(world, status=404)

    assert refused["error"]["code"] == "NO_ACTIVE_SUBSCRIPTION"
    assert Redemption.objects.count() == 0
