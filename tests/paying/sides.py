"""The two Stripes that tests speak to: the fake in memory, and the sandbox by our own client.

Each has the same few acts of persons and banks, so that one test runs against both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from billing.kernel.money import Money
from billing.stripe.client import StripeGateway
from billing.stripe.gateway import Gateway
from config.environment import SETTINGS
from tests.fakes.stripe import FakeStripe
from tests.stripe_sandbox.person import Person
from tests.stripe_sandbox.server import Sandbox

VERSION = next(s.default for s in SETTINGS if s.name == "STRIPE_API_VERSION") or ""
GOOD, BROKE, ASKING = "pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"


class Side(Protocol):
    """A Stripe with persons before it."""

    gateway: Gateway

    def price(self) -> str:
        """Return a monthly price."""
        ...

    def give_card(self, customer_id: str, card: str = GOOD) -> str:
        """Give a customer a card, as its default; return the method's id."""
        ...

    def buy(self, url: str, session: str) -> None:
        """Complete a page."""
        ...

    def refund(self, intent_id: str, amount: Money) -> None:
        """Give money back."""
        ...


class FakeSide:
    def __init__(self) -> None:
        self.fake = FakeStripe()
        self.gateway: Gateway = self.fake

    def price(self) -> str:
        return "price_pro"

    def give_card(self, customer_id: str, card: str = GOOD) -> str:
        failures = {BROKE: "generic_decline", ASKING: "authentication_required"}
        self.fake.decline = [failures[card]] * 9 if card in failures else []
        self.fake.set(customer_id, payment_method=card)
        return card

    def buy(self, url: str, session: str) -> None:
        self.fake.buy(session)

    def refund(self, intent_id: str, amount: Money) -> None:
        intent = self.fake.intent(intent_id=intent_id)
        assert intent is not None
        self.fake.put(
            "charge",
            intent.charge_id,
            amount=intent.amount.minor,
            currency=amount.currency,
            refunded=amount.minor,
            intent_id=intent_id,
        )


class SandboxSide:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = StripeGateway(key=sandbox.key, host=sandbox.url, version=VERSION)
        self.gateway: Gateway = self.client
        self.raw: Any = self.client._v1

    def price(self) -> str:
        product = self.raw.products.create({"name": "Pro"})
        monthly = {"interval": "month"}
        made = self.raw.prices.create(
            {"product": product.id, "currency": "usd", "unit_amount": 3000, "recurring": monthly}
        )
        return str(made.id)

    def give_card(self, customer_id: str, card: str = GOOD) -> str:
        method = str(self.raw.payment_methods.attach(card, {"customer": customer_id}).id)
        settings = {"default_payment_method": method}
        self.raw.customers.update(customer_id, {"invoice_settings": settings})
        return method

    def buy(self, url: str, session: str) -> None:
        Person().pays(url)

    def refund(self, intent_id: str, amount: Money) -> None:
        self.raw.refunds.create({"payment_intent": intent_id, "amount": amount.minor})

    def made(self, kind: str) -> list[dict[str, Any]]:
        """Return all that there is of a kind, and was not deleted."""
        with self.sandbox.world.lock:
            rows = self.sandbox.world.objects.get(kind, {}).values()
            return [dict(row) for row in rows if not row.get("deleted")]

    def fail(self, kind: str, path: str, method: str = "POST") -> None:
        """Plan a fault for the next request like that."""
        self.sandbox.faults.plan({"kind": kind, "path": path, "method": method, "seconds": 3})


@contextmanager
def sandbox_side() -> Iterator[SandboxSide]:
    with Sandbox() as sandbox:
        yield SandboxSide(sandbox)
        assert sandbox.drifts == []
