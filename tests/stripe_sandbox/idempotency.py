"""Idempotency keys as Stripe keeps them: the first answer, for a day, to one request."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from tests.stripe_sandbox.errors import Refusal
from tests.stripe_sandbox.world import World

KEPT_FOR: Final = 86_400
LONGEST: Final = 255


@dataclass(slots=True)
class Kept:
    asked: str
    at: int
    request_id: str
    status: int = 0
    body: str = ""


class Keys:
    """`begin`, then `keep` or `drop`; what is begun and not kept is in progress."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.kept: dict[str, Kept] = {}
        self.mutex = threading.Lock()

    def begin(self, key: str, asked: str, request_id: str) -> Kept | None:
        """Return the answer of an earlier request with this key, or note that one begins.

        Raises Stripe's 400 for another request, its 409 while the first is in progress.
        """
        if len(key) > LONGEST:
            raise Refusal(400, f"Idempotency keys can be at most {LONGEST} characters long.")
        now = self.world.now()
        with self.mutex:
            known = self.kept.get(key)
            if known is not None and now - known.at >= KEPT_FOR:
                known = None
            if known is None:
                self.kept[key] = Kept(asked, now, request_id)
                return None
        if known.asked != asked:
            raise Refusal(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
                type="idempotency_error",
            )
        if not known.status:
            raise Refusal(
                409,
                "There is currently another in-progress request using this Idempotent Key "
                f"({key}). Please try again later.",
                type="idempotency_error",
                code="idempotency_key_in_use",
            )
        return known

    def keep(self, key: str, status: int, body: str) -> None:
        with self.mutex:
            self.kept[key].status, self.kept[key].body = status, body

    def drop(self, key: str) -> None:
        """Forget a request that did not begin to do anything."""
        with self.mutex:
            self.kept.pop(key, None)

    def forget(self) -> None:
        """As after a day."""
        with self.mutex:
            self.kept.clear()
