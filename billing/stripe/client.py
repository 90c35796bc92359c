"""Stripe's API behind our gateway: the only module that imports the stripe package.

One call is one request: no retries of the package's own (whoever calls has a due row to come back
to), an explicit timeout, the pinned API version. Every failure becomes one of our few errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import stripe

from billing.stripe import requests, states
from billing.stripe.amounts import to_stripe
from billing.stripe.errors import StripeRefused
from billing.stripe.failures import failing
from billing.stripe.values import (
    ChargeState,
    CheckoutOrder,
    CheckoutState,
    CustomerState,
    DisputeState,
    EventPage,
    IntentOrder,
    IntentState,
    InvoiceOrder,
    InvoiceState,
    Party,
    SubscriptionState,
)

TIMEOUT_SECONDS: Final = (5, 30)
"""To connect, and for the answer: Stripe's own calls to a bank take up to half a minute."""

PAGE: Final = 100
"""Stripe's longest page. More of one customer's intents since a charge began than this is a bug."""
PAGES: Final = 10
"""Of an invoice's items: Stripe takes 250."""


class StripeGateway:
    """Asks Stripe, or what speaks its API at `host`."""

    is_configured = True

    def __init__(self, *, key: str, host: str, version: str) -> None:
        client = stripe.StripeClient(
            key,
            stripe_version=version,
            base_addresses={"api": host.rstrip("/")},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
        )
        self._v1: Any = client.v1

    def create_customer(self, *, reference: UUID, party: Party, idempotency_key: str) -> str:
        made = _ask(
            self._v1.customers.create, requests.customer(party, reference), key=idempotency_key
        )
        return str(made["id"])

    def find_customers(self, *, reference: UUID) -> Sequence[str]:
        query = {"query": f"metadata['account']:'{reference}'", "limit": PAGE}
        found = _ask(self._v1.customers.search, query)
        return [str(row["id"]) for row in found["data"]]

    def customer(self, *, customer_id: str) -> CustomerState | None:
        found = _fetch(self._v1.customers.retrieve, customer_id)
        return None if found is None else states.customer(found)

    def update_customer(self, *, customer_id: str, party: Party, idempotency_key: str) -> None:
        said = requests.customer(party)
        _ask(self._v1.customers.update, said, customer_id, key=idempotency_key)

    def set_payment_method(
        self, *, customer_id: str, payment_method: str, idempotency_key: str
    ) -> None:
        said = {"invoice_settings": {"default_payment_method": payment_method}}
        _ask(self._v1.customers.update, said, customer_id, key=idempotency_key)

    def delete_customer(self, *, customer_id: str, idempotency_key: str) -> bool:
        gone = _fetch(self._v1.customers.delete, customer_id, key=idempotency_key)
        return gone is not None

    def create_checkout(self, *, order: CheckoutOrder, idempotency_key: str) -> CheckoutState:
        said = requests.checkout(order)
        return states.checkout(_ask(self._v1.checkout.sessions.create, said, key=idempotency_key))

    def checkout(self, *, checkout_id: str) -> CheckoutState | None:
        expand = {"expand": ["setup_intent", "subscription"]}
        found = _fetch(self._v1.checkout.sessions.retrieve, checkout_id, expand)
        return None if found is None else states.checkout(found)

    def expire_checkout(self, *, checkout_id: str, idempotency_key: str) -> None:
        found = self.checkout(checkout_id=checkout_id)
        if found is not None and found.status == "open":
            _ask(self._v1.checkout.sessions.expire, {}, checkout_id, key=idempotency_key)

    def create_portal(self, *, customer_id: str, return_url: str) -> str:
        said = {"customer": customer_id, "return_url": return_url}
        made = _ask(self._v1.billing_portal.sessions.create, said)
        return str(made["url"])

    def create_intent(self, *, order: IntentOrder, idempotency_key: str) -> IntentState:
        said = requests.intent(order)
        return states.intent(
            _ask(self._v1.payment_intents.create, said, key=idempotency_key, declined=_of_decline)
        )

    def intent(self, *, intent_id: str) -> IntentState | None:
        found = _fetch(self._v1.payment_intents.retrieve, intent_id)
        return None if found is None else states.intent(found)

    def find_intents(
        self, *, customer_id: str, reference: UUID, since: datetime
    ) -> Sequence[IntentState]:
        asked = {
            "customer": customer_id,
            "created": {"gte": int(since.timestamp()) - 60},
            "limit": PAGE,
        }
        rows = _ask(self._v1.payment_intents.list, asked)["data"]
        found = [states.intent(row) for row in rows]
        return [one for one in found if one.reference == reference]

    def cancel_intent(self, *, intent_id: str, idempotency_key: str) -> IntentState | None:
        found = self.intent(intent_id=intent_id)
        if found is None or found.status in {"succeeded", "canceled", "processing"}:
            return found
        done = _ask(self._v1.payment_intents.cancel, {}, intent_id, key=idempotency_key)
        return states.intent(done)

    def charge(self, *, charge_id: str) -> ChargeState | None:
        found = _fetch(self._v1.charges.retrieve, charge_id)
        return None if found is None else states.charge(found)

    def dispute(self, *, dispute_id: str) -> DisputeState | None:
        found = _fetch(self._v1.disputes.retrieve, dispute_id)
        return None if found is None else states.dispute(found)

    def subscription(self, *, subscription_id: str) -> SubscriptionState | None:
        found = _fetch(self._v1.subscriptions.retrieve, subscription_id)
        return None if found is None else states.subscription(found)

    def cancel_subscription(self, *, subscription_id: str, idempotency_key: str) -> None:
        found = self.subscription(subscription_id=subscription_id)
        if found is not None and found.status not in {"canceled", "incomplete_expired"}:
            said = {"prorate": True, "invoice_now": True}
            _ask(self._v1.subscriptions.cancel, said, subscription_id, key=idempotency_key)

    def draft_invoice(self, *, order: InvoiceOrder, idempotency_key: str) -> InvoiceState:
        said = requests.invoice(order)
        return states.invoice(_ask(self._v1.invoices.create, said, key=f"{idempotency_key}:make"))

    def find_invoices(
        self, *, customer_id: str, reference: UUID, since: datetime
    ) -> Sequence[InvoiceState]:
        asked = {
            "customer": customer_id,
            "created": {"gte": int(since.timestamp()) - 60},
            "limit": PAGE,
        }
        rows = _ask(self._v1.invoices.list, asked)["data"]
        found = [states.invoice(row) for row in rows]
        return [one for one in found if one.reference == reference]

    def complete_invoice(
        self, *, invoice_id: str, order: InvoiceOrder, idempotency_key: str
    ) -> InvoiceState:
        there = self._lines_there(invoice_id)
        for number, line in enumerate(order.lines):
            if str(number) not in there:
                said = requests.invoice_line(order, invoice_id, number, line)
                _ask(self._v1.invoice_items.create, said, key=f"{idempotency_key}:line:{number}")
        row = _ask(self._v1.invoices.retrieve, {}, invoice_id)
        if row["status"] != "draft":
            return states.invoice(row)
        if row["total"] != sum(to_stripe(line.amount) for line in order.lines):
            raise StripeRefused.because("lines_differ")
        said = {"auto_advance": False}
        finalize, key = self._v1.invoices.finalize_invoice, f"{idempotency_key}:finalize"
        return states.invoice(_ask(finalize, said, invoice_id, key=key))

    def _lines_there(self, invoice_id: str) -> set[str]:
        """Return which of our lines an invoice has: those that we put on it say so."""
        there: set[str] = set()
        after: dict[str, str] = {}
        for _ in range(PAGES):
            asked = {"invoice": invoice_id, "limit": PAGE, **after}
            page = _ask(self._v1.invoice_items.list, asked)
            there |= {(row.get("metadata") or {}).get("line", "") for row in page["data"]}
            if not page["has_more"]:
                break
            after = {"starting_after": page["data"][-1]["id"]}
        return there

    def pay_invoice(
        self, *, invoice_id: str, payment_method: str, idempotency_key: str
    ) -> InvoiceState:
        said = {"payment_method": payment_method, "off_session": True}
        reason = ""
        try:
            _ask(self._v1.invoices.pay, said, invoice_id, key=idempotency_key, declined=_left)
        except StripeRefused as error:
            reason = error.reason
        found = self.invoice(invoice_id=invoice_id)
        if found is None or (reason and found.status == "open" and not found.failure):
            raise StripeRefused.because(reason or "resource_missing")
        return found

    def invoice(self, *, invoice_id: str) -> InvoiceState | None:
        expand = {"expand": ["payments.data.payment.payment_intent"]}
        found = _fetch(self._v1.invoices.retrieve, invoice_id, expand)
        return None if found is None else states.invoice(found)

    def void_invoice(self, *, invoice_id: str, idempotency_key: str) -> InvoiceState | None:
        found = self.invoice(invoice_id=invoice_id)
        if found is None or found.status not in {"open", "uncollectible"}:
            return found
        done = _ask(self._v1.invoices.void_invoice, {}, invoice_id, key=idempotency_key)
        return states.invoice(done)

    def events(self, *, since: datetime, before: str = "", limit: int = PAGE) -> EventPage:
        asked: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": limit}
        if before:
            asked["starting_after"] = before
        page = _ask(self._v1.events.list, asked)
        rows = [states.event(row) for row in page["data"]]
        return EventPage([row for row in rows if row is not None], bool(page["has_more"]))


def _ask(
    call: Callable[..., Any],
    said: Mapping[str, Any],
    *names: str,
    key: str = "",
    declined: Callable[[stripe.CardError], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Send one request and return the answer's JSON as it came."""
    options = {"idempotency_key": key} if key else {}
    with failing():
        try:
            answer = call(*names, dict(said), options)
        except stripe.CardError as error:
            if declined is None:
                raise
            return declined(error)
    found: dict[str, Any] = json.loads(answer.last_response.body)
    return found


def _fetch(
    call: Callable[..., Any], name: str, said: Mapping[str, Any] | None = None, *, key: str = ""
) -> dict[str, Any] | None:
    """Send a request about one thing; None where Stripe has no such."""
    options = {"idempotency_key": key} if key else {}
    with failing():
        try:
            answer = call(name, dict(said or {}), options)
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            return None
    found: dict[str, Any] = json.loads(answer.last_response.body)
    return found


def _left(_declined: stripe.CardError) -> dict[str, Any]:
    """Return nothing: what was declined stands on the invoice's payment, which is fetched."""
    return {}


def _of_decline(error: stripe.CardError) -> dict[str, Any]:
    """Return the intent that a declined card leaves: it is in the error."""
    body: Any = error.json_body or {}
    left = (body.get("error") or {}).get("payment_intent")
    if not isinstance(left, dict):
        raise error
    return left
