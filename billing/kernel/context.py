"""What every layer may know of the request that it serves: its id, and who asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
actor: Final[ContextVar[str]] = ContextVar("actor", default="system")


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Have what is done meanwhile done by this name: audit entries and logs say it."""
    token = actor.set(name)
    try:
        yield
    finally:
        actor.reset(token)
