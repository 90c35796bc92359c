"""Stripe's objects as they are, for what needs more of them than the gateway's words say: the
catalogue, the import and the mirror. Asked between transactions, never inside one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import stripe
from django.conf import settings

from billing.stripe.errors import StripeNotConfigured
from billing.stripe.failures import failing
from billing.stripe.gateway import require_no_transaction

PATHS: Final[Mapping[str, str]] = {
    "balance_transaction": "balance_transactions",
    "charge": "charges",
    "checkout.session": "checkout/sessions",
    "coupon": "coupons",
    "customer": "customers",
    "dispute": "disputes",
    "invoice": "invoices",
    "invoiceitem": "invoiceitems",
    "payment_intent": "payment_intents",
    "payment_method": "payment_methods",
    "price": "prices",
    "product": "products",
    "promotion_code": "promotion_codes",
    "refund": "refunds",
    "setup_intent": "setup_intents",
    "subscription": "subscriptions",
}
PAGE: Final = 100
MOST_PAGES: Final = 100_000
"""Ten million objects of a kind: more is a list that does not end."""
TIMEOUT_SECONDS: Final = (5, 30)

Thing = dict[str, Any]


class StripeObjects:
    """Reads and writes objects by kind. Every method raises StripeUnavailable or StripeRefused."""

    def __init__(self, *, key: str, host: str, version: str) -> None:
        self._client = stripe.StripeClient(
            key,
            stripe_version=version,
            base_addresses={"api": host.rstrip("/")},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
        )

    def one(self, kind: str, name: str, /) -> Thing | None:
        """Return the object; None where Stripe has no such. One that was deleted says so."""
        with failing():
            try:
                return self._ask("get", f"{PATHS[kind]}/{name}")
            except stripe.InvalidRequestError as error:
                if error.code != "resource_missing":
                    raise
                return None

    def walk(self, kind: str, /, **asked: Any) -> Iterator[Thing]:
        """Yield all that a list holds, the newest first, a page at a time."""
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            with failing():
                page = self._ask("get", PATHS[kind], limit=PAGE, **asked, **after)
            yield from page["data"]
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}

    def make(self, kind: str, /, *, key: str, **said: Any) -> Thing:
        """Make an object, once a key."""
        with failing():
            return self._ask("post", PATHS[kind], idempotency_key=key, **said)

    def change(self, kind: str, name: str, /, **said: Any) -> Thing:
        """Set fields to values: the same at each repetition."""
        with failing():
            return self._ask("post", f"{PATHS[kind]}/{name}", **said)

    def _ask(self, method: str, path: str, **said: Any) -> Thing:
        require_no_transaction()
        answer = self._client.raw_request(method, f"/v1/{path}", **said)
        found: Thing = json.loads(answer.body)
        return found


def objects() -> StripeObjects:
    """Return what asks the Stripe of the settings. Raises StripeNotConfigured."""
    given = settings.BILLING
    if not given["STRIPE_SECRET_KEY"]:
        raise StripeNotConfigured
    return StripeObjects(
        key=given["STRIPE_SECRET_KEY"],
        host=given["STRIPE_API_HOST"],
        version=given["STRIPE_API_VERSION"],
    )
