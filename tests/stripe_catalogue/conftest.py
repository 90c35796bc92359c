"""The sandbox's catalogue, and ours beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import stripe as stripe_package

from billing.kernel import clock
from billing.stripe.objects import StripeObjects, objects
from tests.stripe_sandbox.document import VERSION
from tests.stripe_sandbox.server import Sandbox


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def leading(settings: Any, stripe_sandbox: Sandbox) -> Callable[[str], None]:
    """Say who leads, with the sandbox as our Stripe."""

    def lead(who: str) -> None:
        settings.BILLING = {
            **settings.BILLING,
            "STRIPE_CATALOGUE": who,
            "STRIPE_SECRET_KEY": stripe_sandbox.key,
            "STRIPE_API_HOST": stripe_sandbox.url,
            "STRIPE_API_VERSION": VERSION,
        }

    return lead


@pytest.fixture
def things(leading: Callable[[str], None]) -> StripeObjects:
    """Stripe's objects, where Stripe leads."""
    leading("STRIPE")
    return objects()


@pytest.fixture
def client(stripe_sandbox: Sandbox) -> stripe_package.StripeClient:
    return stripe_package.StripeClient(
        stripe_sandbox.key, base_addresses={"api": stripe_sandbox.url}
    )


@pytest.fixture
def pro(client: Any) -> Any:
    """A product with one monthly price: 49.00 USD."""
    return client.v1.products.create(
        {
            "name": "Pro",
            "default_price_data": {
                "currency": "usd",
                "unit_amount": 4900,
                "recurring": {"interval": "month"},
            },
        }
    )
