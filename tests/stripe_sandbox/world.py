"""All that the sandbox remembers: objects by kind, its clock, the events that it must tell."""

from __future__ import annotations

import copy
import secrets
import string
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.stripe_sandbox import document
from tests.stripe_sandbox.errors import missing

LETTERS: Final = string.ascii_letters + string.digits
DAY: Final = 86_400

# What an id begins with.
PREFIXES: Final = {
    "balance_transaction": "txn",
    "billing_portal.configuration": "bpc",
    "billing_portal.session": "bps",
    "charge": "ch",
    "checkout.session": "cs_test",
    "coupon": "",
    "customer": "cus",
    "customer_balance_transaction": "cbtxn",
    "discount": "di",
    "dispute": "du",
    "event": "evt",
    "invoice": "in",
    "invoice_payment": "inpay",
    "invoiceitem": "ii",
    "item": "li",
    "line_item": "il",
    "payment_intent": "pi",
    "payment_method": "pm",
    "price": "price",
    "product": "prod",
    "promotion_code": "promo",
    "refund": "re",
    "setup_intent": "seti",
    "subscription": "sub",
    "subscription_item": "si",
    "test_helpers.test_clock": "clock",
}


def new_id(kind: str) -> str:
    prefix = PREFIXES[kind]
    random = "".join(secrets.choice(LETTERS) for _ in range(24 if prefix else 8))
    return f"{prefix}_{random}" if prefix else random


class World:
    """Stateful; every request holds `lock` while it looks or changes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in PREFIXES}
        self.account = f"acct_{''.join(secrets.choice(LETTERS) for _ in range(16))}"
        self.ahead = 0
        self.search_lag = 0
        self.request: dict[str, str | None] = {"id": None, "idempotency_key": None}
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        self.base_url = ""
        self.after_failed_payments = "cancel"

    def now(self, clock: str | None = None) -> int:
        """Return the second that it is: on a test clock where one is named."""
        frozen = self.objects["test_helpers.test_clock"].get(clock or "")
        if frozen and not frozen.get("deleted"):
            return int(frozen["frozen_time"])
        return time.time_ns() // 10**9 + self.ahead

    def add(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Make an object with what Stripe gives of itself, and keep it."""
        made = self.make(kind, **fields)
        self.objects[kind][made["id"]] = made
        return made

    def make(self, kind: str, **fields: Any) -> dict[str, Any]:
        clock = fields.get("test_clock") or fields.pop("_clock", None)
        given = {"id": new_id(kind), "object": kind, **fields}
        known = document.SCHEMAS[kind]["properties"]
        if "created" in known:
            given.setdefault("created", self.now(clock))
        return document.blank(kind, given)

    def get(self, kind: str, name: str, param: str = "id") -> dict[str, Any]:
        """Return a living object. Raises Stripe's 404."""
        found = self.objects[kind].get(name)
        if found is None or found.get("deleted"):
            raise missing(NOUNS.get(kind, kind), name, param)
        return found

    def all(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the living, newest first."""
        for found in reversed(list(self.objects[kind].values())):
            if not found.get("deleted"):
                yield found

    def where(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        return [
            row
            for row in self.all(kind)
            if all(row.get(name) == value for name, value in fields.items())
        ]

    def delete(self, kind: str, name: str) -> dict[str, Any]:
        found = self.get(kind, name)
        found["deleted"] = True
        return self.tombstone(found)

    @staticmethod
    def tombstone(found: dict[str, Any]) -> dict[str, Any]:
        return {"id": found["id"], "object": found["object"], "deleted": True}

    def clock_of(self, customer: str | None) -> str | None:
        found = self.objects["customer"].get(customer or "")
        return found.get("test_clock") if found else None

    def emit(
        self, kind: str, about: dict[str, Any], previous: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Note that something happened, as the object is now, and tell those who listen."""
        if kind not in document.EVENT_TYPES:
            raise document.Drift(f"Stripe knows no event {kind}")
        data: dict[str, Any] = {"object": public(about)}
        if previous is not None:
            data["previous_attributes"] = previous
        document.check_object(data["object"])
        event = self.add(
            "event",
            type=kind,
            data=data,
            api_version=document.VERSION,
            pending_webhooks=len(self.listeners),
            request=dict(self.request),
            _clock=about.get("test_clock") or self.clock_of(about.get("customer")),
        )
        for listener in self.listeners:
            listener(public(event))
        return event

    def change(self, about: dict[str, Any], kind: str, **fields: Any) -> None:
        """Set fields and say so, with what was before, where something is new."""
        before = {name: about.get(name) for name in fields if about.get(name) != fields[name]}
        about.update(fields)
        if before:
            self.emit(kind, about, public(before))


NOUNS: Final = {
    "checkout.session": "checkout.session",
    "payment_method": "PaymentMethod",
    "test_helpers.test_clock": "test clock",
}


def public(value: Any) -> Any:
    """Return a copy without what only we know (names that begin with `_`)."""
    if isinstance(value, dict):
        return {key: public(one) for key, one in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [public(one) for one in value]
    return copy.copy(value)
