"""Charges, and what becomes of them: refunds, disputes, movements of the balance."""

from __future__ import annotations

from typing import Any, Final

from tests.stripe_sandbox import document
from tests.stripe_sandbox.calls import Call, answers, merged
from tests.stripe_sandbox.errors import wrong
from tests.stripe_sandbox.lists import page
from tests.stripe_sandbox.world import World, public

FEE_PERCENT: Final = 3
DISPUTE_FEE: Final = 1500


def make(
    world: World,
    intent: dict[str, Any],
    method: dict[str, Any],
    *,
    failure: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Record the bank's answer: a charge that succeeded or failed."""
    paid, amount, card = failure is None, intent["amount"], method["card"]
    made = world.add(
        "charge",
        amount=amount,
        amount_captured=amount if paid else 0,
        billing_details=public(method["billing_details"]),
        captured=paid,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        failure_code=failure["code"] if failure else None,
        failure_message=failure["message"] if failure else None,
        metadata=dict(intent["metadata"]),
        outcome=outcome(failure),
        paid=paid,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={"type": "card", "card": details(card, amount)},
        status="succeeded" if paid else "failed",
        fraud_details={},
        _clock=world.clock_of(intent["customer"]),
    )
    if paid:
        made["receipt_url"] = f"{world.base_url}/receipts/{made['id']}"
        fee = amount * FEE_PERCENT // 100
        made["balance_transaction"] = move(world, made, amount, "charge", "charge", fee)["id"]
    world.emit("charge.succeeded" if paid else "charge.failed", made)
    return made


def outcome(failure: dict[str, Any] | None) -> dict[str, Any]:
    base = {"advice_code": None, "network_advice_code": None, "network_decline_code": None}
    if failure is None:
        words = ("approved_by_network", None, "authorized", "Payment complete.")
    else:
        reason = failure.get("decline_code", failure["code"])
        words = ("declined_by_network", reason, "issuer_declined", "The bank declined it.")
    keys = ("network_status", "reason", "type", "seller_message")
    return base | dict(zip(keys, words, strict=True)) | {"risk_level": "normal", "risk_score": 20}


def details(card: dict[str, Any], amount: int) -> dict[str, Any]:
    same = (
        "brand",
        "checks",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
    )
    fields = {name: card[name] for name in same}
    return document.blank(
        "payment_method_details_card",
        fields | {"amount_authorized": amount, "network": card["brand"]},
    )


def move(
    world: World, about: dict[str, Any], amount: int, kind: str, category: str, fee: int = 0
) -> dict[str, Any]:
    fees = [
        {"amount": fee, "application": None, "currency": about["currency"], "type": "stripe_fee"}
        | {"description": "Stripe processing fees"}
    ]
    return world.add(
        "balance_transaction",
        amount=amount,
        available_on=about["created"] + 2 * 86_400,
        currency=about["currency"],
        fee=fee,
        fee_details=fees if fee else [],
        net=amount - fee,
        reporting_category=category,
        source=about["id"],
        status="pending",
        type=kind,
        balance_type="payments",
    )


@answers("GET /v1/charges")
def list_charges(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("charge"))


@answers("GET /v1/charges/{charge}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("charge", name)


@answers("GET /v1/balance_transactions")
def list_movements(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("balance_transaction"), "currency", "type", "source")


@answers("GET /v1/balance_transactions/{id}")
def retrieve_movement(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("balance_transaction", name)


@answers("POST /v1/refunds")
def refund(call: Call) -> dict[str, Any]:
    charge = charge_to_refund(call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = call.given.get("amount", left)
    if charge["refunded"]:
        message = f"Charge {charge['id']} has already been refunded."
        raise wrong(message, None, "charge_already_refunded")
    if charge["disputed"]:
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise wrong(message, None, "charge_disputed")
    if not 1 <= amount <= left:
        raise wrong(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            "amount",
        )
    return make_refund(call.world, charge, amount, call)


def charge_to_refund(call: Call) -> dict[str, Any]:
    if "payment_intent" in call.given:
        intent = call.world.get("payment_intent", call.given["payment_intent"], "payment_intent")
        if intent["status"] != "succeeded":
            raise wrong(f"This PaymentIntent ({intent['id']}) does not have a successful charge.")
        return call.world.get("charge", intent["latest_charge"])
    if "charge" not in call.given:
        raise wrong("One of the following params should be provided: charge, payment_intent.")
    found = call.world.get("charge", call.given["charge"], "charge")
    if not found["paid"]:
        raise wrong("You cannot refund a charge that failed.", "charge")
    return found


def make_refund(world: World, charge: dict[str, Any], amount: int, call: Call) -> dict[str, Any]:
    made = world.add(
        "refund",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        metadata=merged({}, call.given.get("metadata")),
        payment_intent=charge["payment_intent"],
        reason=call.given.get("reason"),
        status="succeeded",
        _clock=world.clock_of(charge["customer"]),
    )
    made["balance_transaction"] = move(world, made, -amount, "refund", "refund")["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    world.emit("refund.created", made)
    world.emit("charge.refunded", charge)
    return made


@answers("GET /v1/refunds")
def list_refunds(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("refund"), "charge", "payment_intent")


@answers("GET /v1/refunds/{refund}")
def retrieve_refund(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("refund", name)


def open_dispute(world: World, name: str) -> dict[str, Any]:
    """The cardholder disputes a charge: its money and a fee are taken at once."""
    charge = world.get("charge", name)
    made = world.add(
        "dispute",
        amount=charge["amount"],
        charge=charge["id"],
        currency=charge["currency"],
        is_charge_refundable=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason="fraudulent",
        status="needs_response",
        evidence=document.blank("dispute_evidence", {"enhanced_evidence": {}}),
        evidence_details=document.blank(
            "dispute_evidence_details",
            {"due_by": world.now() + 7 * 86_400, "enhanced_eligibility": {}},
        ),
        _clock=world.clock_of(charge["customer"]),
    )
    taken = move(world, made, -charge["amount"], "adjustment", "dispute", DISPUTE_FEE)
    made["balance_transactions"] = [public(taken)]
    charge["disputed"] = True
    world.emit("charge.dispute.created", made)
    world.emit("charge.dispute.funds_withdrawn", made)
    return made


def decide(world: World, name: str, status: str) -> dict[str, Any]:
    """The bank decides: `won` gives the money back, `lost` does not."""
    found = world.get("dispute", name)
    if status not in {"won", "lost"} or found["status"] in {"won", "lost"}:
        raise wrong("A dispute is decided once, as won or as lost.", "status")
    found["status"] = status
    if status == "won":
        back = move(world, found, found["amount"], "adjustment", "dispute_reversal")
        found["balance_transactions"] = [*found["balance_transactions"], public(back)]
        world.objects["charge"][found["charge"]]["disputed"] = False
        world.emit("charge.dispute.funds_reinstated", found)
    world.emit("charge.dispute.closed", found)
    return found


@answers("GET /v1/disputes")
def list_disputes(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("dispute"))


@answers("GET /v1/disputes/{dispute}")
def retrieve_dispute(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("dispute", name)


@answers("POST /v1/disputes/{dispute}/close")
def close(call: Call, name: str) -> dict[str, Any]:
    return decide(call.world, name, "lost")
