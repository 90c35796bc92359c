"""Bad input about money and time: refused by its name, and nothing is changed by it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from tests.remembered import remembered
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db

TABLES = (
    *("billing_subscription", "billing_subscriptionperiod", "billing_segment", "billing_feeitem"),
    *("billing_discount", "billing_creditgrant", "billing_creditentry", "billing_invoicedue"),
    *("coupons_coupon", "coupons_redemption", "billing_testclock", "billing_auditentry"),
    *("invoicing_invoice", "invoicing_invoiceline", "invoicing_payment", "invoicing_creditnote"),
)


def everything() -> dict[str, str]:
    """Return a digest of each table that a refused request must leave as it is."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "
                           f"FROM {table} t")  # fmt: skip
            found[table] = cursor.fetchone()[0]
    return found


def refused(
    world: World, path: str, body: Any, *, status: int = 400, field: str = "", code: str = ""
) -> Any:
    """Ask for it; it must be refused so, naming the field, and have changed nothing."""
    before = everything()

    error = world.post(path, body, status=status)["error"]

    assert everything() == before
    assert error["message"]
    if field:
        assert [detail["field"] for detail in error["details"]] == [field]
        assert all(detail["message"] for detail in error["details"])
    if code:
        assert error["code"] == code
    return error


@pytest.fixture
def april() -> World:
    """A subscription since April, with a pending invoice of 30.00, on 2 May."""
    clock, tenant = since_april()
    return World(clock=clock, tenant=tenant)


@remembered
def since_april() -> tuple[str, str]:
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    world.advance("2025-05-02T00:00:00Z")
    return world.clock, world.tenant


def path_to(world: World, action: str) -> str:
    return f"/subscriptions/{world.subscription()['id']}/{action}"


BAD_AMOUNTS: list[Any] = [
    *("0", "0.00", "-1.00", "1.001", "1000000000000.01", "9" * 16, "1e5", " 1.00", "1_000", "١"),
    *("NaN", "Infinity", "", "1,00", "$1", True, [], {}, 0, -5, 0.001, 10**13),
]
BAD_PERCENTS: list[Any] = ["0", "-5", "100.01", "1e1", "NaN", "", "5%", True, [], 0, -5, 100.01]
BAD_MONTHS: list[Any] = [0, -1, 10**6, 1.5, "x", True, "", []]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=repr)
def test_an_amount_off_that_is_none(april: World, amount: Any) -> None:
    refused(april, path_to(april, "discount"), {"discountAmount": amount}, field="discountAmount")


@pytest.mark.parametrize("percent", BAD_PERCENTS, ids=repr)
def test_a_percentage_that_is_none(april: World, percent: Any) -> None:
    body = {"discountPercent": percent}
    refused(april, path_to(april, "discount"), body, field="discountPercent")


@pytest.mark.parametrize("months", BAD_MONTHS, ids=repr)
def test_a_duration_that_is_none(april: World, months: Any) -> None:
    body = {"discountPercent": "10", "durationMonths": months}
    refused(april, path_to(april, "discount"), body, field="durationMonths")


def test_both_a_percentage_and_an_amount_or_neither(april: World) -> None:
    for body in ({}, {"discountPercent": "10", "discountAmount": "5.00"}):
        refused(april, path_to(april, "discount"), body, field="discountPercent")


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=repr)
def test_a_credit_that_is_none(april: World, amount: Any) -> None:
    refused(april, path_to(april, "credits"), {"amount": amount}, field="amount")


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=repr)
def test_what_can_not_be_paid_nor_credited(april: World, amount: Any) -> None:
    (invoice,) = april.invoices()

    refused(april, f"/invoices/{invoice['id']}/payments", {"amount": amount}, field="amount")
    note = {"amount": amount, "reason": "goodwill"}
    refused(april, f"/invoices/{invoice['id']}/credit-notes", note, field="amount")


def test_no_more_is_paid_or_credited_than_there_is(april: World) -> None:
    (invoice,) = april.invoices()
    path = f"/invoices/{invoice['id']}"

    refused(april, f"{path}/payments", {"amount": "30.01"}, status=409)
    refused(april, f"{path}/credit-notes", {"amount": "30.01", "reason": "x"}, status=409)
    april.post(f"{path}/credit-notes", {"amount": "29.99", "reason": "x"}, status=201)
    refused(april, f"{path}/credit-notes", {"amount": "0.02", "reason": "x"}, status=409)
    refused(april, f"{path}/payments", {"amount": "0.02"}, status=409)


@pytest.mark.parametrize("value", ["1000000000000.01", 10**13, "9" * 16], ids=repr)
@pytest.mark.parametrize("kind", ["FIXED_AMOUNT", "CREDIT"])
def test_a_coupon_over_a_million_millions(april: World, kind: str, value: Any) -> None:
    body = {"code": "HUGE", "discountType": kind, "discountValue": value, "currency": "USD"}
    refused(april, "/coupons", body, field="discountValue")


def subscribing(**given: Any) -> tuple[World, str, dict[str, Any]]:
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    return world, f"/tenants/{world.tenant}/subscriptions", {"planId": world.plan(), **given}


@pytest.mark.parametrize(
    "start_at",
    ["9000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2019-01-01T00:00:00Z", "2025-02-30", "soon",
     "2025-13-01T00:00:00Z", 5, True, []],
    ids=repr,
)  # fmt: skip
def test_a_start_that_is_none(start_at: Any) -> None:
    world, path, body = subscribing(startAt=start_at)

    refused(world, path, body, field="startAt")


def test_a_start_in_the_past_is_for_billing_admin() -> None:
    world, path, body = subscribing(startAt="2025-02-01T00:00:00Z")

    made = world.post(path, body, status=201)

    assert made["startedAt"] == "2025-02-01T00:00:00Z"


@pytest.mark.parametrize("days", [-1, 10**6, 1.5, "x", True], ids=repr)
def test_a_trial_that_is_none(days: Any) -> None:
    world, path, body = subscribing(trialDays=days)

    refused(world, path, body, field="trialDays")


def test_plans_that_are_unknown_archived_or_of_another_currency(april: World) -> None:
    archived, foreign = april.plan(), april.plan(currency="EUR")
    april.post(f"/plans/{archived}/archive", None, status=200)
    change = path_to(april, "change-plan")
    unknown = "00000000-0000-7000-8000-000000000000"

    for plan, status in (("nowhere", 404), (unknown, 404), (archived, 409), (foreign, 409)):
        refused(april, change, {"newPlanId": plan, "when": "NOW"}, status=status)
        refused(april, change, {"newPlanId": plan, "when": "PERIOD_END"}, status=status)
    refused(april, change, {"newPlanId": archived, "when": "SOON"}, field="when")

    april.begin("2025-04-01T00:00:00Z")
    path = f"/tenants/{april.tenant}/subscriptions"
    for plan, status in (("nowhere", 404), (unknown, 404), (archived, 409), (foreign, 409)):
        refused(april, path, {"planId": plan}, status=status)


COUPON = {"discountType": "PERCENTAGE", "discountValue": "10"}


def test_coupons_that_are_expired_exhausted_or_of_another_plan(april: World) -> None:
    other = april.plan()
    given: dict[str, dict[str, Any]] = {
        "GONE": {"expiresAt": "2099-01-01T00:00:00Z"},
        "ONE": {"maxRedemptions": 1},
        "OTHERS": {"applicablePlanIds": [other]},
    }
    for code, fields in given.items():
        april.post("/coupons", {"code": code, **COUPON, **fields}, status=201)
    far = World()
    far.begin("2099-01-01T00:00:00Z")
    far.subscribe(far.plan())
    first = World()
    first.begin("2025-05-02T00:00:00Z")
    first.subscribe(first.plan())
    first.post("/coupons/redeem", {"code": "ONE", "tenantId": first.tenant}, status=200)

    for world, code, reason in (
        (far, "GONE", "EXPIRED"),
        (april, "ONE", "EXHAUSTED"),
        (april, "OTHERS", "PLAN_NOT_APPLICABLE"),
        (april, "NOWHERE", "UNKNOWN"),
    ):
        body = {"code": code, "tenantId": world.tenant}
        told = world.post("/coupons/validate", body, status=200)
        assert (told["valid"], told["reason"]) == (False, reason)
        refused(world, "/coupons/redeem", body, status=409, code=reason)


def test_a_code_in_other_letter_case_and_with_spaces_around_it_is_the_same(april: World) -> None:
    april.post("/coupons", {"code": "Spring", **COUPON}, status=201)

    body = {"code": "  sPRING ", "tenantId": april.tenant}
    assert april.post("/coupons/validate", body, status=200)["valid"]
    april.post("/coupons/redeem", body, status=200)

    refused(april, "/coupons/redeem", body, status=409, code="ALREADY_REDEEMED")
    inside = {"code": "Spr ing", "tenantId": april.tenant}
    refused(april, "/coupons/redeem", inside, status=409, code="UNKNOWN")


@pytest.mark.parametrize(
    ("to", "word"),
    [
        ("2025-05-01T23:59:59Z", "backwards"),
        ("2125-05-02T00:00:00Z", "7320"),
        ("9999-12-31T23:59:59Z", "before the year 9000"),
    ],
)
def test_a_clock_goes_neither_back_nor_a_century_ahead(april: World, to: str, word: str) -> None:
    path = f"/test-clocks/{april.clock}/advance"

    error = refused(april, path, {"frozenTime": to}, field="frozenTime")

    assert word in error["details"][0]["message"], "the limit is named"


def test_parameters_stand_in_the_body_or_in_the_query_or_in_both_alike(april: World) -> None:
    cancel = path_to(april, "cancel")
    april.post(f"{cancel}?immediately=false&reason=dear", None, status=200)
    assert april.subscription()["cancellationReason"] == "dear"
    april.post(path_to(april, "reactivate"), None, status=200)

    april.post(f"{cancel}?reason=dear", {"reason": "dear", "immediately": False}, status=200)
    april.post(path_to(april, "reactivate"), None, status=200)

    refused(april, f"{cancel}?reason=dear", {"reason": "cheap"}, field="reason")
    refused(april, f"{cancel}?immediately=true", {"immediately": False}, field="immediately")
    refused(april, f"{cancel}?reason=a&reason=b", {}, field="reason")
    refused(april, f"{cancel}?colour=red", {}, field="colour")
    refused(april, f"{path_to(april, 'discount')}?discountPercent=0", {}, field="discountPercent")
    april.post(f"{path_to(april, 'credits')}?amount=5.00&reason=sorry", None, status=201)
    april.post(
        f"{path_to(april, 'discount')}?discountPercent=10&durationMonths=3", None, status=200
    )
    other = april.plan()
    path = f"{path_to(april, 'change-plan')}?newPlanId={other}&when=PERIOD_END"
    assert april.post(path, None, status=200)["pendingPlanId"]
    refused(april, path, {"when": "NOW"}, field="when")


def test_parameters_may_stand_partly_in_the_body_and_partly_in_the_query(april: World) -> None:
    cancel, discount = path_to(april, "cancel"), path_to(april, "discount")
    april.post(f"{cancel}?immediately=false", {"reason": "dear"}, status=200)
    assert april.subscription()["cancellationReason"] == "dear"
    april.post(path_to(april, "reactivate"), None, status=200)
    april.post(f"{cancel}?reason=dear", {"reason": None, "immediately": False}, status=200)
    assert april.subscription()["cancellationReason"] == "dear", "null is as if left out"

    april.post(f"{discount}?durationMonths=3", {"discountPercent": 10}, status=200)

    refused(april, f"{discount}?durationMonths=3", {"durationMonths": "3"}, field="durationMonths")
    refused(april, f"{cancel}?reason=dear", {"immediately": "false"}, field="immediately")
