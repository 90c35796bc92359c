"""Cards, as the test numbers and test tokens of Stripe's documentation behave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tests.stripe_sandbox.calls import Call, answers
from tests.stripe_sandbox.errors import Refusal, card_error, missing_argument
from tests.stripe_sandbox.lists import page
from tests.stripe_sandbox.world import World


@dataclass(frozen=True, slots=True)
class Card:
    """`declines` is the decline code of a charge; `attaches` whether it can be kept for later.

    `asks` is when the bank wants its customer: "always", or "setup" (once, then off-session works).
    """

    number: str
    brand: str = "visa"
    declines: str = ""
    attaches: bool = True
    asks: str = ""
    disputes: bool = False


CARDS: Final = {
    "pm_card_visa": Card("4242424242424242"),
    "pm_card_visa_debit": Card("4000056655665556"),
    "pm_card_mastercard": Card("5555555555554444", "mastercard"),
    "pm_card_amex": Card("378282246310005", "amex"),
    "pm_card_chargeDeclined": Card("4000000000000002", declines="generic_decline", attaches=False),
    "pm_card_chargeDeclinedInsufficientFunds": Card(
        "4000000000009995", declines="insufficient_funds", attaches=False
    ),
    "pm_card_visa_chargeDeclinedInsufficientFunds": Card(
        "4000000000009995", declines="insufficient_funds", attaches=False
    ),
    "pm_card_visa_chargeDeclinedLostCard": Card(
        "4000000000009987", declines="lost_card", attaches=False
    ),
    "pm_card_visa_chargeDeclinedStolenCard": Card(
        "4000000000009979", declines="stolen_card", attaches=False
    ),
    "pm_card_chargeDeclinedExpiredCard": Card(
        "4000000000000069", declines="expired_card", attaches=False
    ),
    "pm_card_chargeDeclinedIncorrectCvc": Card(
        "4000000000000127", declines="incorrect_cvc", attaches=False
    ),
    "pm_card_chargeDeclinedProcessingError": Card(
        "4000000000000119", declines="processing_error", attaches=False
    ),
    "pm_card_chargeCustomerFail": Card("4000000000000341", declines="generic_decline"),
    "pm_card_authenticationRequired": Card("4000002760003184", asks="always"),
    "pm_card_authenticationRequiredOnSetup": Card("4000002500003155", asks="setup"),
    "pm_card_createDispute": Card("4000000000000259", disputes=True),
}
BY_NUMBER: Final = {card.number: token for token, card in reversed(CARDS.items())}
MESSAGES: Final = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
OWN_CODES: Final = {"expired_card", "incorrect_cvc", "processing_error", "authentication_required"}


def decline(code: str, **fields: Any) -> Refusal:
    """Return Stripe's 402 for a decline code."""
    message = MESSAGES.get(code, MESSAGES["generic_decline"])
    own = code if code in OWN_CODES else "card_declined"
    more = {} if own == code and code != "authentication_required" else {"decline_code": code}
    url = f"https://stripe.com/docs/error-codes/{own.replace('_', '-')}"
    return card_error(message, own, doc_url=url, **more, **fields)


def card_of(method: dict[str, Any]) -> Card:
    return CARDS[method["_token"]]


def resolve(world: World, name: str, param: str = "payment_method") -> dict[str, Any]:
    """Return the payment method of that id; a test token makes a new one. Raises Stripe's 400."""
    if name in CARDS:
        return make(world, name)
    found = world.objects["payment_method"].get(name)
    if found is None:
        raise missing_argument("PaymentMethod", name, param)
    return found


def make(world: World, token: str, billing: dict[str, Any] | None = None) -> dict[str, Any]:
    card = CARDS[token]
    return world.add(
        "payment_method",
        type="card",
        billing_details={"address": None, "email": None, "name": None, "phone": None}
        | {"tax_id": None}
        | (billing or {}),
        card={
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": 2040,
            "fingerprint": f"{abs(int(card.number)) % 10**15:016d}",
            "funding": "credit",
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        allow_redisplay="unspecified",
        metadata={},
        _token=token,
        _is_set_up=False,
    )


def attach_to(world: World, name: str, customer: str) -> dict[str, Any]:
    """Keep a card with a customer. Raises a decline, as the bank is asked about it."""
    method = resolve(world, name)
    if method["customer"] == customer:
        return method
    if method["customer"] is not None:
        raise Refusal(400, "The payment method is already attached to a customer.")
    if not card_of(method).attaches:
        raise decline(card_of(method).declines)
    method["customer"] = customer
    world.emit("payment_method.attached", method)
    return method


@answers("GET /v1/payment_methods")
def list_methods(call: Call) -> dict[str, Any]:
    kept = [row for row in call.world.all("payment_method") if row["customer"]]
    return page(call, kept, "customer", "type")


@answers("GET /v1/customers/{customer}/payment_methods")
def list_of_customer(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("customer", name)
    return page(call, call.world.where("payment_method", customer=found["id"]), "type")


@answers("GET /v1/payment_methods/{payment_method}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("payment_method", name)


@answers("POST /v1/payment_methods/{payment_method}/attach")
def attach(call: Call, name: str) -> dict[str, Any]:
    customer = call.named("customer", "customer")
    if customer is None:
        raise Refusal(400, "Missing required param: customer.", code="parameter_missing")
    return attach_to(call.world, name, customer["id"])


@answers("POST /v1/payment_methods/{payment_method}/detach")
def detach(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("payment_method", name)
    if found["customer"] is None:
        raise Refusal(400, "The payment method you provided is not attached to a customer.")
    owner = call.world.objects["customer"][found["customer"]]
    if owner["invoice_settings"]["default_payment_method"] == name:
        settings = {**owner["invoice_settings"], "default_payment_method": None}
        call.world.change(owner, "customer.updated", invoice_settings=settings)
    found["customer"] = None
    call.world.emit("payment_method.detached", found)
    return found


def default_of(world: World, customer: str, *first: str | None) -> dict[str, Any] | None:
    """Return what would be charged: the first that is named, else the customer's default."""
    owner = world.objects["customer"][customer]
    for name in (*first, (owner.get("invoice_settings") or {}).get("default_payment_method")):
        if name:
            return resolve(world, name)
    return None
