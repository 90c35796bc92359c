"""Telling an address what happened: signed, tried again, and held or repeated on demand."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Final

from tests.stripe_sandbox.world import World

PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds between attempts; Stripe takes hours, up to three days."""
LONGEST_WAIT: Final = 30.0


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the header Stripe-Signature."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


@dataclass(slots=True, eq=False)
class Delivery:
    event: dict[str, Any]
    due: float
    attempts: int = 0
    answers: list[int] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return bool(self.answers) and 200 <= self.answers[-1] < 300


class Deliveries(threading.Thread):
    """One thread that sends what is due; `held` gathers instead, until `release`."""

    def __init__(self, world: World, url: str, secrets: list[str]) -> None:
        super().__init__(name="stripe-webhooks", daemon=True)
        self.world, self.url, self.secrets = world, url, secrets
        self.waiting: list[Delivery] = []
        self.done: list[Delivery] = []
        self.held = False
        self.copies = 1
        self.changed = threading.Condition()
        self.ended = False

    def tell(self, event: dict[str, Any]) -> None:
        if self.url:
            with self.changed:
                due = time.monotonic()
                self.waiting += [Delivery(event, due) for _ in range(self.copies)]
                self.changed.notify_all()

    def set(
        self,
        *,
        held: bool | None = None,
        copies: int | None = None,
        url: str = "",
        secrets: list[str] | None = None,
    ) -> None:
        with self.changed:
            self.held = self.held if held is None else held
            self.copies = copies or self.copies
            self.url = url or self.url
            self.secrets = secrets or self.secrets
            self.changed.notify_all()

    def release(self, order: str = "sent") -> None:
        """Let what was held go: as it happened, "reversed" or "shuffled"."""
        with self.changed:
            if order == "reversed":
                self.waiting.reverse()
            elif order == "shuffled":
                random.shuffle(self.waiting)
            elif order == "dropped":
                self.waiting.clear()
            self.held = False
            self.changed.notify_all()

    def settle(self, seconds: float) -> bool:
        """Wait until nothing waits to be delivered; return whether that came."""
        with self.changed:
            return self.changed.wait_for(lambda: self.held or not self.waiting, timeout=seconds)

    def end(self) -> None:
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def run(self) -> None:
        while True:
            with self.changed:
                one = self._next()
                if one is None:
                    return
            answer = self.send(one.event)
            with self.changed:
                self._note(one, answer)

    def _next(self) -> Delivery | None:
        while not self.ended:
            now = time.monotonic()
            due = [] if self.held else [row for row in self.waiting if row.due <= now]
            if due:
                return due[0]
            later = [] if self.held else [row.due - now for row in self.waiting]
            self.changed.wait(timeout=max(0.01, min([*later, LONGEST_WAIT])))
        return None

    def _note(self, one: Delivery, answer: int) -> None:
        one.attempts += 1
        one.answers.append(answer)
        if one.is_done or one.attempts > len(PAUSES):
            if one in self.waiting:
                self.waiting.remove(one)
            self.done.append(one)
            if one.is_done:
                self._told(one.event["id"])
        else:
            one.due = time.monotonic() + PAUSES[one.attempts - 1]
        self.changed.notify_all()

    def _told(self, event_id: str) -> None:
        kept = self.world.objects["event"].get(event_id)
        if kept is not None:
            kept["pending_webhooks"] = 0

    def send(self, event: dict[str, Any]) -> int:
        """Deliver once, now; return the status, 0 where there was no answer."""
        body = json.dumps(event, indent=2).encode()
        now = self.world.now()
        signed = ",".join(
            part if number == 0 else part.split(",", 1)[1]
            for number, part in enumerate(signature(one, body, now) for one in self.secrets)
        )
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signed,
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        request = urllib.request.Request(self.url, body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0
