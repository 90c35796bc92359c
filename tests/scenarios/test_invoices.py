"""What customers are billed, month after month, through the public API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.world import T_TIERS, World, amounts

API_CALLS = {"metricType": "API_CALLS", "model": "GRADUATED", "tiers": T_TIERS}


def lines_of(answer: Any) -> Any:
    return [{k: v for k, v in line.items() if k != "chargeId"} for line in answer["lines"]]


def test_a_month_in_arrears_is_a_draft_for_an_hour_and_then_final(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(charges=[API_CALLS]))
    world.advance("2025-04-20T00:00:00Z")
    world.use("API_CALLS", "900")
    world.advance("2025-04-30T23:59:59Z")
    last_preview = world.preview()

    world.advance("2025-05-01T00:00:00Z")
    (draft,) = world.invoices()
    world.advance("2025-05-01T01:00:00Z")
    (final,) = world.invoices()

    assert draft["status"] == "DRAFT"
    assert draft["invoiceNumber"] is None
    assert final["id"] == draft["id"]
    assert final["status"] == "PENDING"
    assert final["invoiceNumber"] == "TEST-2025-000001"
    assert (final["issueDate"], final["dueDate"]) == ("2025-05-01", "2025-05-15")
    assert amounts(final) == [("PLAN", "30.00"), ("USAGE", "18.00")]
    assert final["total"] == last_preview["total"] == "48.00"
    assert lines_of(final) == lines_of(draft) == lines_of(last_preview)


def test_the_draft_of_an_ended_period_follows_what_comes_in(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(charges=[API_CALLS]))
    world.advance("2025-05-01T00:30:00Z")
    before = world.invoices()[0]["total"]

    world.use("API_CALLS", "900", timestamp="2025-04-30T23:59:59Z")

    assert before == "30.00"
    assert world.invoices()[0]["total"] == "48.00"
    world.advance("2025-05-01T01:00:00Z")
    assert world.invoices()[0]["total"] == "48.00"


def test_usage_at_the_boundary_belongs_to_the_period_that_begins(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(charges=[API_CALLS]))
    world.advance("2025-05-01T00:00:00Z")

    world.use("API_CALLS", "100", timestamp="2025-05-01T00:00:00Z")

    assert amounts(world.invoices()[0]) == [("PLAN", "30.00"), ("USAGE", "0.00")]
    assert amounts(world.preview()) == [("PLAN", "30.00"), ("USAGE", "2.00")]


def test_a_plan_in_advance_makes_a_first_invoice_with_only_the_fee(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")

    world.subscribe(world.plan(payInAdvance=True, charges=[API_CALLS]))

    (first,) = world.invoices()
    assert first["status"] == "PENDING"
    assert first["periodStart"] == first["periodEnd"] == "2025-04-01T00:00:00Z"
    assert amounts(first) == [("PLAN", "30.00")]
    (line,) = first["lines"]
    assert (line["periodStart"], line["periodEnd"]) == (
        "2025-04-01T00:00:00Z",
        "2025-05-01T00:00:00Z",
    )


def test_in_advance_a_period_is_billed_with_the_fee_of_the_next(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(payInAdvance=True, charges=[API_CALLS]))
    world.advance("2025-04-30T12:00:00Z")
    world.use("API_CALLS", "1000")
    preview = world.preview()

    world.advance("2025-05-01T01:00:00Z")

    april = world.invoices()[1]
    assert amounts(april) == amounts(preview) == [("PLAN", "30.00"), ("USAGE", "20.00")]
    assert (april["periodStart"], april["periodEnd"]) == (
        "2025-04-01T00:00:00Z",
        "2025-05-01T00:00:00Z",
    )
    assert april["lines"][0]["periodStart"] == "2025-05-01T00:00:00Z"
    assert april["lines"][0]["periodEnd"] == "2025-06-01T00:00:00Z"


def test_a_trial_costs_nothing_and_its_end_is_the_anchor(world: World) -> None:
    world.begin("2025-04-01T10:00:00Z")
    made = world.subscribe(world.plan(trialDays=14, charges=[API_CALLS]))
    world.use("API_CALLS", "900")
    in_trial = world.preview()

    world.advance("2025-04-15T10:00:00Z")

    assert made["status"] == "TRIALING"
    assert made["trialEnd"] == made["currentPeriodEnd"] == "2025-04-15T10:00:00Z"
    assert in_trial["total"] == "0.00"
    live = world.subscription()
    assert live["status"] == "ACTIVE"
    assert live["currentPeriodStart"] == "2025-04-15T10:00:00Z"
    assert live["currentPeriodEnd"] == "2025-05-15T10:00:00Z"
    assert world.preview()["lines"][1]["quantity"] == "0"
    world.advance("2025-05-15T11:00:00Z")
    (first,) = world.invoices()
    assert amounts(first) == [("PLAN", "30.00"), ("USAGE", "0.00")]


def test_a_trial_before_a_plan_in_advance_ends_with_the_first_fee(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(payInAdvance=True, trialDays=10))

    world.advance("2025-04-11T01:00:00Z")

    (first,) = world.invoices()
    assert amounts(first) == [("PLAN", "30.00")]
    assert first["lines"][0]["periodStart"] == "2025-04-11T00:00:00Z"


def test_a_plans_trial_is_given_once(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    plan = world.plan(trialDays=14)
    first = world.subscribe(plan)

    second = world.post(f"/tenants/{world.tenant}/subscriptions", {"planId": plan}, status=409)

    assert first["status"] == "TRIALING"
    assert second["error"]["code"] == "ALREADY_EXISTS"


def test_a_start_in_the_future_waits_for_it(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")

    made = world.subscribe(world.plan(), startAt="2025-04-10T00:00:00Z")

    assert made["status"] == "INCOMPLETE"
    assert made["currentPeriodStart"] is None
    missing = world.get(f"/tenants/{world.tenant}/billing/preview", status=404)
    assert missing["error"]["code"] == "NO_ACTIVE_SUBSCRIPTION"
    world.advance("2025-04-10T00:00:00Z")
    assert world.subscription()["status"] == "ACTIVE"
    assert world.subscription()["currentPeriodEnd"] == "2025-05-10T00:00:00Z"


def test_a_start_in_the_past_bills_the_months_since_and_their_usage(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.use("API_CALLS", "900", timestamp="2025-02-10T00:00:00Z")

    world.subscribe(world.plan(charges=[API_CALLS]), startAt="2025-02-01T00:00:00Z")

    february, march = world.invoices()
    assert amounts(february) == [("PLAN", "30.00"), ("USAGE", "18.00")]
    assert amounts(march) == [("PLAN", "30.00"), ("USAGE", "0.00")]
    assert world.subscription()["currentPeriodStart"] == "2025-04-01T00:00:00Z"


def test_the_run_makes_no_invoice_whose_lines_are_all_zero(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan(price="0", charges=[API_CALLS]))

    world.advance("2025-05-01T02:00:00Z")

    assert world.invoices() == []
    asked = world.post(
        f"/tenants/{world.tenant}/invoices",
        {"periodStart": "2025-04-01T00:00:00Z"},
        status=201,
    )
    assert asked["total"] == "0.00"
    assert world.post(f"/invoices/{asked['id']}/finalize")["status"] == "PAID"


def test_three_months_of_standstill_are_billed_in_order(world: World) -> None:
    world.begin("2025-01-31T00:00:00Z")
    world.subscribe(world.plan(charges=[API_CALLS]))

    world.advance("2025-05-01T00:00:00Z")

    bounds = [(row["periodStart"][:10], row["periodEnd"][:10]) for row in world.invoices()]
    assert bounds == [
        ("2025-01-31", "2025-02-28"),
        ("2025-02-28", "2025-03-31"),
        ("2025-03-31", "2025-04-30"),
    ]
    numbers = [row["invoiceNumber"] for row in world.invoices()]
    assert numbers == ["TEST-2025-000001", "TEST-2025-000002", "TEST-2025-000003"]
    assert [row["issueDate"] for row in world.invoices()] == [
        "2025-02-28",
        "2025-03-31",
        "2025-04-30",
    ]


def test_a_voided_invoice_is_not_made_anew_by_the_run(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    world.subscribe(world.plan())
    world.advance("2025-05-01T01:00:00Z")
    (made,) = world.invoices()

    voided = world.post(f"/invoices/{made['id']}/void?reason=wrong+address")

    assert (voided["status"], voided["voidReason"]) == ("VOID", "wrong address")
    world.advance("2025-05-20T00:00:00Z")
    assert [row["status"] for row in world.invoices()] == ["VOID"]
    again = world.post(
        f"/tenants/{world.tenant}/invoices", {"periodStart": "2025-04-01T00:00:00Z"}, status=201
    )
    assert world.post(f"/invoices/{again['id']}/finalize")["invoiceNumber"] == "TEST-2025-000002"


def test_a_total_below_zero_becomes_credit_that_pays_the_next_invoice(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    charge = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1"}
    world.subscribe(world.plan(price="5.00", charges=[charge]))
    world.use("API_CALLS", "-12", correction=True)
    world.advance("2025-05-01T01:00:00Z")
    (april,) = world.invoices()

    world.advance("2025-06-01T01:00:00Z")

    may = world.invoices()[1]
    assert (april["status"], april["total"], april["creditGranted"]) == ("PAID", "0.00", "7.00")
    assert (may["total"], may["creditsApplied"], may["amountDue"]) == ("5.00", "5.00", "0.00")
    assert may["status"] == "PAID"
    assert world.get(f"/tenants/{world.tenant}")["creditBalance"] == "2.00"
    world.post(f"/invoices/{may['id']}/void")
    assert world.get(f"/tenants/{world.tenant}")["creditBalance"] == "7.00"


@pytest.mark.parametrize(
    ("currency", "price", "quantity", "total"),
    [
        pytest.param("JPY", "0.333", "100", "33", id="yen have no decimals"),
        pytest.param("KWD", "0.0005", "1", "0.001", id="dinars have three"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(
    world: World, currency: str, price: str, quantity: str, total: str
) -> None:
    world.begin("2025-04-01T00:00:00Z", currency=currency)
    charge = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": price}
    world.subscribe(world.plan(currency=currency, price="0", charges=[charge]))

    world.use("API_CALLS", quantity)

    assert world.preview()["total"] == total


def test_of_two_periods_that_begin_at_once_the_one_that_lasts_is_invoiced(world: World) -> None:
    world.begin("2025-04-01T00:00:00Z")
    made = world.subscribe(world.plan())
    world.post(f"/subscriptions/{made['id']}/cancel", {"immediately": True})
    world.post(f"/subscriptions/{made['id']}/reactivate")

    path, asked = f"/tenants/{world.tenant}/invoices", {"periodStart": "2025-04-01T00:00:00Z"}
    april = world.post(path, asked, status=201)

    assert april["periodEnd"] == "2025-05-01T00:00:00Z"
    assert amounts(april) == [("PLAN", "30.00")]
