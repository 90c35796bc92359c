"""A Stripe in memory, or in a file that several processes share. It keeps Stripe's promises.

A key is remembered with its request and its answer: the same request gets the same answer, another
one under the same key is refused. `plan` says how the next calls go, oldest first.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from billing.stripe.errors import StripeKeySpent, StripeRefused, StripeUnavailable
from billing.stripe.gateway import Party
from tests.fakes.stripe_money import Buying


class Mood(StrEnum):
    """How a call goes."""

    FAILS = "answers with a failure, nothing done"
    FAILS_FOR_GOOD = "answers with a failure, nothing done, and the key keeps that answer"
    LOST_BEFORE = "times out, nothing done"
    LOST_AFTER = "times out, done"
    REFUSES = "says no"
    SLOW = "answers after a while"
    TWICE = "is asked twice, as by a proxy that repeats"


NOTHING: dict[str, Any] = {"customers": {}, "things": {}, "keys": {}, "calls": [], "made": 0}


class FakeStripe(Buying):
    """Stateful. `customers` are those that there are, by id; `calls` all that was asked."""

    is_configured = True

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.plan: list[Mood] = []
        self.decline: list[str] = []
        self.pause = 0.2
        self.before: Callable[[str], None] = lambda _: None
        self._mutex = threading.Lock()
        self._kept: dict[str, Any] = json.loads(json.dumps(NOTHING))
        if path is not None and not path.exists():
            path.write_text(json.dumps(NOTHING))

    @property
    def customers(self) -> dict[str, Any]:
        with self._state() as state:
            return dict(state["customers"])

    @property
    def calls(self) -> list[str]:
        with self._state() as state:
            return list(state["calls"])

    def forget_keys(self) -> None:
        """As Stripe does after a day."""
        with self._state() as state:
            state["keys"] = {}

    def create_customer(self, *, reference: UUID, party: Party, idempotency_key: str) -> str:
        def make(state: dict[str, Any]) -> str:
            state["made"] += 1
            made = f"cus_{state['made']:06d}"
            state["customers"][made] = {"reference": str(reference), **said(party)}
            return made

        asked = {"reference": str(reference), **said(party)}
        return str(self._do("create", asked, idempotency_key, make))

    def find_customers(self, *, reference: UUID) -> Sequence[str]:
        def find(state: dict[str, Any]) -> list[str]:
            rows = state["customers"].items()
            return [name for name, row in rows if row["reference"] == str(reference)]

        found: list[str] = self._do("find", {}, "", find)
        return found

    def update_customer(self, *, customer_id: str, party: Party, idempotency_key: str) -> None:
        def update(state: dict[str, Any]) -> None:
            if customer_id not in state["customers"]:
                raise StripeRefused
            state["customers"][customer_id] |= said(party)

        self._do("update", {"id": customer_id, **said(party)}, idempotency_key, update)

    def delete_customer(self, *, customer_id: str, idempotency_key: str) -> bool:
        def delete(state: dict[str, Any]) -> bool:
            return state["customers"].pop(customer_id, None) is not None

        return bool(self._do("delete", {"id": customer_id}, idempotency_key, delete))

    def _do(
        self, verb: str, asked: dict[str, Any], key: str, effect: Callable[[dict[str, Any]], Any]
    ) -> Any:
        self.before(verb)
        with self._mutex:
            mood = self.plan.pop(0) if self.plan else None
        if mood is Mood.SLOW:
            time.sleep(self.pause)
        if mood in {Mood.FAILS, Mood.LOST_BEFORE}:
            raise StripeUnavailable
        if mood is Mood.REFUSES:
            raise StripeRefused
        if mood is Mood.FAILS_FOR_GOOD:
            with self._state() as state:
                state["keys"][key] = {"asked": {"verb": verb, **asked}, "failed": True}
            raise StripeUnavailable
        with self._state() as state:
            answer = self._once(state, verb, asked, key, effect)
            if mood is Mood.TWICE:
                answer = self._once(state, verb, asked, key, effect)
        if mood is Mood.LOST_AFTER:
            raise StripeUnavailable
        return answer

    def _once(
        self,
        state: dict[str, Any],
        verb: str,
        asked: dict[str, Any],
        key: str,
        effect: Callable[[dict[str, Any]], Any],
    ) -> Any:
        state["calls"].append(verb)
        if not key:
            return effect(state)
        asked = {"verb": verb, **asked}
        kept = state["keys"].get(key)
        if kept is None:
            kept = state["keys"][key] = {"asked": asked, "answer": effect(state)}
        elif kept["asked"] != asked:
            raise StripeRefused
        elif "failed" in kept:
            raise StripeKeySpent
        return kept["answer"]

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        with self._mutex:
            if self.path is None:
                yield self._kept
                return
            with self.path.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                state = json.load(file)
                yield state
                file.seek(0)
                file.truncate()
                json.dump(state, file)
                file.flush()
                os.fsync(file.fileno())


def said(party: Party) -> dict[str, Any]:
    return {"email": party.email, "name": party.name, "address": dict(party.address)}
