"""Credit: granted by the API, spent the soonest to expire first, expired, given back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from billing.models import AuditEntry, CreditEntry, CreditGrant
from tests.scenarios.world import World


def begun(world: World, **plan: Any) -> str:
    world.begin("2025-01-01T00:00:00Z")
    return str(world.subscribe(world.plan(**plan))["id"])


def grant(world: World, subscription: str, amount: Any, **fields: Any) -> Any:
    path = f"/subscriptions/{subscription}/credits"
    return world.post(path, {"amount": amount, **fields}, status=201)


def ledger(world: World) -> list[tuple[str, str, str]]:
    """Return (when, kind, amount), oldest first."""
    found = world.get(f"/tenants/{world.tenant}/credits?direction=asc&size=100")["data"]
    return [(row["at"][:10], row["kind"], row["amount"]) for row in found]


def balance(world: World) -> str:
    return str(world.subscription()["creditBalance"])


def test_credit_is_granted_and_shown(world: World) -> None:
    subscription = begun(world)

    first = grant(world, subscription, "20.00", reason="goodwill")
    query = f"/subscriptions/{subscription}/credits?amount=5.00&expiresAt=2025-03-01T00:00:00Z"
    second = world.post(query, status=201)

    assert (first["amount"], first["creditBalance"]) == ("20.00", "20.00")
    assert (second["amount"], second["creditBalance"]) == ("5.00", "25.00")
    rows = world.get(f"/tenants/{world.tenant}/credits")["data"]
    assert [(r["creditId"], r["kind"], r["reason"], r["expiresAt"]) for r in rows] == [
        (second["creditId"], "GRANT", None, "2025-03-01T00:00:00Z"),
        (first["creditId"], "GRANT", "goodwill", None),
    ]
    assert balance(world) == "25.00"


def test_a_reason_may_be_empty_wherever_it_may_be_left_out(world: World) -> None:
    subscription = begun(world)
    path = f"/subscriptions/{subscription}"

    granted = grant(world, subscription, "20.00", reason="")
    world.post(f"{path}/discount", {"discountPercent": "10", "reason": ""})
    ended = world.post(f"{path}/cancel", {"reason": ""})
    draft = world.post(f"/tenants/{world.tenant}/invoices", status=201)
    voided = world.post(f"/invoices/{draft['id']}/void?reason=")

    assert granted["creditBalance"] == "20.00"
    assert world.subscription()["discounts"][0]["reason"] is None
    assert (ended["cancellationReason"], voided["voidReason"]) == (None, None)


def test_a_year_of_credit_with_expiries(world: World) -> None:
    subscription = begun(world, price="10.00")
    grant(world, subscription, "15.00")
    grant(world, subscription, "25.00", expiresAt="2025-03-15T00:00:00Z")
    grant(world, subscription, "7.00", expiresAt="2025-02-01T01:00:00Z")

    world.advance("2026-01-01T01:00:00Z")

    applied = [row["creditsApplied"] for row in world.invoices()]
    # At the instant of January's finalizing the 7.00 has just ended: it can't pay for it.
    assert applied == ["10.00", "10.00", "10.00", "5.00", *["0.00"] * 8]
    assert ledger(world) == [
        ("2025-01-01", "GRANT", "15.00"),
        ("2025-01-01", "GRANT", "25.00"),
        ("2025-01-01", "GRANT", "7.00"),
        ("2025-02-01", "EXPIRY", "-7.00"),
        ("2025-02-01", "USE", "-10.00"),
        ("2025-03-01", "USE", "-10.00"),
        ("2025-03-15", "EXPIRY", "-5.00"),
        ("2025-04-01", "USE", "-10.00"),
        ("2025-05-01", "USE", "-5.00"),
    ]
    assert balance(world) == "0.00"


def test_a_void_gives_the_credit_back_once(world: World) -> None:
    subscription = begun(world)
    grant(world, subscription, "12.00", expiresAt="2025-12-01T00:00:00Z")
    grant(world, subscription, "50.00")
    world.advance("2025-02-01T01:00:00Z")
    (invoice,) = world.invoices()
    after_use = balance(world)

    world.post(f"/invoices/{invoice['id']}/void", {})
    world.post(f"/invoices/{invoice['id']}/void", {}, status=409)

    assert (invoice["status"], after_use) == ("PAID", "32.00")
    assert balance(world) == "62.00"
    assert [row[1:] for row in ledger(world)[2:]] == [
        ("USE", "-12.00"),
        ("USE", "-18.00"),
        ("RETURN", "12.00"),
        ("RETURN", "18.00"),
    ]


def test_what_is_given_back_to_an_expired_grant_expires_with_it(world: World) -> None:
    subscription = begun(world)
    grant(world, subscription, "12.00", expiresAt="2025-02-15T00:00:00Z")
    world.advance("2025-03-01T00:30:00Z")
    invoice = world.invoices()[0]

    world.post(f"/invoices/{invoice['id']}/void", {})

    assert balance(world) == "0.00"
    assert [row[1:] for row in ledger(world)] == [
        ("GRANT", "12.00"),
        ("USE", "-12.00"),
        ("RETURN", "12.00"),
        ("EXPIRY", "-12.00"),
    ]


AMOUNTS = ["0.00", "-1.00", "1.000", "1", "1e3", "", True, None, [], "1000000000000.01", 10**15]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_that_is_none_is_refused_by_its_name(world: World, amount: Any) -> None:
    subscription = begun(world)
    audited = AuditEntry.objects.count()

    path = f"/subscriptions/{subscription}/credits"
    error = world.post(path, {"amount": amount}, status=400)["error"]

    assert [detail["field"] for detail in error["details"]] == ["amount"]
    assert CreditGrant.objects.count() == CreditEntry.objects.count() == 0
    assert AuditEntry.objects.count() == audited


def test_what_is_past_or_too_long_is_refused(world: World) -> None:
    subscription = begun(world)
    path = f"/subscriptions/{subscription}/credits"

    past = {"amount": "1.00", "expiresAt": "2025-01-01T00:00:00Z"}
    long = {"amount": "1.00", "reason": "x" * 2001}
    fields = [
        world.post(path, body, status=400)["error"]["details"][0]["field"] for body in (past, long)
    ]

    assert fields == ["expiresAt", "reason"]
    assert CreditGrant.objects.count() == 0


def test_a_balance_that_can_not_be_stored_is_refused(world: World) -> None:
    subscription = begun(world)
    for _ in range(10):
        grant(world, subscription, "1000000000000.00")

    path = f"/subscriptions/{subscription}/credits"
    error = world.post(path, {"amount": "0.01"}, status=409)["error"]

    assert error["code"] == "CREDIT_OUT_OF_BOUNDS"
    assert balance(world) == "10000000000000.00"


def test_a_subscription_that_is_not_there_is_a_404(world: World) -> None:
    begun(world)

    world.post(f"/subscriptions/{uuid4()}/credits", {"amount": "1.00"}, status=404)
    world.post("/subscriptions/1/credits", {"amount": "1.00"}, status=400)

    assert CreditGrant.objects.count() == 0


def test_a_grant_that_an_invoice_made_is_taken_back_by_its_void_unless_it_is_spent(
    world: World,
) -> None:
    charge = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1"}
    begun(world, price="10.00", charges=[charge])
    world.use("API_CALLS", "-25", correction=True)
    world.advance("2025-02-01T01:00:00Z")
    (january,) = world.invoices()
    path = f"/invoices/{january['id']}/void"
    granted = balance(world)
    world.advance("2025-03-01T01:00:00Z")
    february = world.invoices()[1]
    before = ledger(world)

    error = world.post(path, {}, status=409)["error"]
    unchanged = (ledger(world), world.get(f"/invoices/{january['id']}")["status"])
    world.post(f"/invoices/{february['id']}/void", {})
    world.post(path, {})

    assert (january["total"], january["creditGranted"], granted) == ("0.00", "15.00", "15.00")
    assert (february["creditsApplied"], error["code"]) == ("10.00", "CREDIT_ALREADY_USED")
    assert unchanged == (before, "PAID")
    assert [row[1:] for row in ledger(world)] == [
        ("GRANT", "15.00"),
        ("USE", "-10.00"),
        ("RETURN", "10.00"),
        ("REVOKE", "-15.00"),
    ]
    assert balance(world) == "0.00"
