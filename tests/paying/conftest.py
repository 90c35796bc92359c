"""A tenant that Stripe knows, and Stripe itself: what it has, and the events that it sends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from billing.kernel import clock
from billing.models import Account
from billing.stripe.current import using
from invoicing.models import Invoice
from paying.inbox.working import read_event, sweep_inbox
from paying.models import StripeEvent
from paying.money.collecting import collect_due
from tests.api.portal.conftest import team  # noqa: F401  a fixture
from tests.fakes.stripe import FakeStripe
from tests.paying.sides import FakeSide, Side, sandbox_side
from tests.paying.signing import SECRET, signed
from tests.scenarios.world import World

HOOKS = ("/api/billing/v1/stripe/webhook", "/api/v1/billing/stripe/webhook")
START = "2026-03-01T00:00:00Z"


@pytest.fixture(autouse=True)
def webhook_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.BILLING, "STRIPE_WEBHOOK_SECRET", (SECRET,))


@pytest.fixture
def stripe() -> Iterator[FakeStripe]:
    fake = FakeStripe()
    with using(fake):
        yield fake


def event(kind: str, object_type: str, name: str, **fields: Any) -> dict[str, Any]:
    """Write an event as Stripe sends it. Its id is made of what it says, unless one is given."""
    head = {"object": "event", "livemode": False, "api_version": "2026-08-26.dahlia"}
    said = {"type": kind, "created": int(clock.now().timestamp()), **head, **fields}
    said["data"] = {"object": {"id": name, "object": object_type}}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return {"id": f"evt_{digest[:24]}", **said}


def deliver(said: Any, *, hook: str = HOOKS[0], header: str | None = None) -> HttpResponse:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = {"Stripe-Signature": signed(body) if header is None else header}
    client = Client(raise_request_exception=False)
    return client.post(hook, body, content_type="application/json", headers=headers)  # type: ignore[return-value]


@dataclass
class Shop:
    """A tenant on a test clock with a plan paid in advance: its first invoice is due at once."""

    stripe: FakeStripe
    world: World = field(default_factory=World)
    plan: str = ""

    @property
    def id(self) -> UUID:
        return UUID(self.world.tenant)

    @property
    def account(self) -> Account:
        return Account.objects.get(pk=self.id)

    @property
    def customer(self) -> str:
        return self.account.stripe_customer_id

    @property
    def invoice(self) -> Invoice:
        return Invoice.objects.filter(account_id=self.id).latest("created_at")

    def open(self, *, price: str = "30.00", currency: str = "USD", **plan: Any) -> None:
        self.world.begin(START, currency=currency, billingEmail="ap@acme.example")
        self.plan = self.world.plan(price=price, currency=currency, payInAdvance=True, **plan)

    def subscribe(self) -> Invoice:
        """Subscribe: the first invoice is finalized an hour later."""
        self.world.subscribe(self.plan)
        self.world.advance("2026-03-01T02:00:00Z")
        return self.invoice

    def link(self, *, method: str = "pm_card_visa") -> str:
        """Make the tenant known to Stripe, with a card on file."""
        made = self.world.post("/stripe/portal", {"tenantId": self.world.tenant})["portalUrl"]
        assert made
        self.stripe.set(self.customer, payment_method=method)
        return self.customer

    def tell(self, kind: str, object_type: str, name: str, **fields: Any) -> StripeEvent:
        """Have Stripe send an event, and read what came in."""
        said = event(kind, object_type, name, **fields)
        assert deliver(said).status_code == 200
        self.read()
        return StripeEvent.objects.get(pk=said["id"])

    def read(self, *, at: datetime | None = None) -> None:
        sweep_inbox(stripe=self.stripe, now=at or clock.now())

    def collect(self, *, at: datetime | None = None) -> None:
        collect_due(stripe=self.stripe, now=at or clock.now())


def read_at_once(event_ids: list[str], stripe: FakeStripe) -> None:
    """Read events by several workers at the same time."""

    def work(event_id: str) -> None:
        try:
            read_event(event_id, stripe=stripe, now=clock.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(work, event_ids))


@pytest.fixture(params=["fake", "client"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    """What a gateway speaks to: the fake, or our client with the sandbox behind it."""
    if request.param == "fake":
        yield FakeSide()
        return
    with sandbox_side() as found:
        yield found


@pytest.fixture
def shop(db: None, stripe: FakeStripe) -> Shop:
    made = Shop(stripe)
    made.open()
    return made


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
