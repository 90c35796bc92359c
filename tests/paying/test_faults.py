"""Each thing that is asked of Stripe × each way in which it goes wrong: in the end there is one.

Our own client speaks to the sandbox, which loses requests before or after it has done them,
answers 429 and 500, and hangs up. What was asked fails, or not; asked again, or done by the next
run, there is one object at Stripe and one here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest

from billing.kernel import clock
from billing.models import Account, Subscription
from billing.stripe import client
from billing.stripe.current import using
from billing.stripe.errors import StripeError
from invoicing import verification
from paying.choosing import choose_mode
from paying.models import Intent, Receipt
from tests.client import Api
from tests.fakes.stripe import FakeStripe
from tests.paying.conftest import Shop
from tests.paying.sides import SandboxSide, sandbox_side

pytestmark = pytest.mark.django_db

FAULTS: Final = (
    *("timeout_before", "timeout_after", "reset_before", "reset_after"),
    *("500_before", "500_after", "500_kept", "429"),
)


@pytest.fixture
def side(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxSide]:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", (0.5, 0.5))
    with sandbox_side() as found, using(found.gateway):
        yield found


@dataclass
class Scene:
    """A tenant before our client and the sandbox. `ahead` is how far its time has gone."""

    shop: Shop
    side: SandboxSide
    ahead: timedelta = timedelta()

    def post(self, path: str, **body: Any) -> Any:
        return Api.of("billing_admin").post(path, body)

    @property
    def named(self) -> dict[str, str]:
        return {"tenantId": self.shop.world.tenant}

    def link(self) -> None:
        assert self.post("/stripe/portal", **self.named).status_code == 200
        self.side.give_card(self.shop.customer)

    def collect(self) -> None:
        from paying.money.collecting import collect_due

        collect_due(stripe=self.side.gateway, now=clock.now() + self.ahead)

    def read(self, session: str) -> None:
        from paying.syncing.checkouts import sync_checkout

        sync_checkout(session, stripe=self.side.gateway, now=clock.now())


@pytest.fixture
def scene(db: None, side: SandboxSide) -> Scene:
    shop = Shop(FakeStripe())  # its world; Stripe is the sandbox
    shop.open()
    return Scene(shop, side)


def a_customer(scene: Scene) -> Callable[[], Any]:
    return lambda: scene.post("/stripe/portal", **scene.named)


def a_checkout(scene: Scene) -> Callable[[], Any]:
    scene.link()
    return lambda: scene.post("/stripe/checkout", **scene.named, planId=scene.shop.plan)


def an_intent(scene: Scene) -> Callable[[], Any]:
    due = scene.shop.subscribe()
    scene.link()
    return lambda: scene.post(f"/invoices/{due.pk}/payment-intent")


def a_charge(scene: Scene) -> Callable[[], Any]:
    scene.shop.subscribe()
    scene.link()
    return scene.collect


def a_pushed_charge(scene: Scene) -> Callable[[], Any]:
    scene.shop.subscribe()
    scene.link()
    choose_mode(account_id=scene.shop.id, mode="COLLECT", way="INVOICE", now=clock.now())
    return scene.collect


def a_purchase(scene: Scene) -> Callable[[], Any]:
    body = {**scene.named, "planId": scene.shop.plan}
    page = scene.post("/stripe/checkout", **body).json()
    scene.side.buy(page["sessionUrl"], page["sessionId"])
    return lambda: scene.read(page["sessionId"])


CALLS: Final = {
    "a customer": (a_customer, "/v1/customers$", "customer"),
    "a checkout": (a_checkout, "/v1/checkout/sessions$", None),
    "an intent": (an_intent, "/v1/payment_intents$", "payment_intent"),
    "a charge": (a_charge, "/v1/payment_intents$", "payment_intent"),
    "an invoice": (a_pushed_charge, "/v1/invoices$", "invoice"),
    "a line of it": (a_pushed_charge, "/v1/invoiceitems$", "invoiceitem"),
    "its finalizing": (a_pushed_charge, "/v1/invoices/in_[^/]+/finalize$", "invoice"),
    "its payment": (a_pushed_charge, "/v1/invoices/in_[^/]+/pay$", "invoice"),
    "a purchase": (a_purchase, "/v1/customers/cus_", "customer"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_in_the_end_there_is_one(scene: Scene, call: str, fault: str) -> None:
    prepare, path, kind = CALLS[call]
    act = prepare(scene)
    scene.side.fail(fault, path)

    for _ in range(4):
        with suppress(StripeError):  # a worker's run would have noted it
            act()
        scene.ahead += timedelta(minutes=5)

    assert len(scene.side.made("customer")) == 1
    if kind is not None:
        assert len(scene.side.made(kind)) == 1
    account = Account.objects.get(pk=scene.shop.id)
    assert account.stripe_customer_id == scene.side.made("customer")[0]["id"]
    check(call, scene)
    assert list(verification.verify()) == []


def kind_of(call: str) -> str | None:
    return CALLS[call][2]


def check(call: str, scene: Scene) -> None:
    """Say of each call what it leaves here."""
    if call == "a checkout":
        states = sorted(row["status"] for row in scene.side.made("checkout.session"))
        assert states.count("open") <= 2  # of those that we know one, and one that nobody knows
    if call in {"an intent", "a charge"}:
        assert Intent.objects.count() == 1
    if kind_of(call) in {"invoice", "invoiceitem"}:
        (pushed,) = scene.side.made("invoice")
        assert (pushed["status"], pushed["total"], pushed["amount_paid"]) == ("paid", 3000, 3000)
    if call == "a charge" or kind_of(call) in {"invoice", "invoiceitem"}:
        assert Receipt.objects.count() == scene.shop.invoice.payments.count() == 1
        assert scene.shop.invoice.status == "PAID"
    if call == "a purchase":
        assert Subscription.objects.filter(account_id=scene.shop.id).count() == 1
        (customer,) = scene.side.made("customer")
        assert customer["invoice_settings"]["default_payment_method"]
