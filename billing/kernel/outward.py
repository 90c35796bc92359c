"""Tasks that wait for other people's servers: few at once of a kind, each for a bounded time.

A task is only a wake-up, so one that finds no place ends at once: its rows stay due.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from threading import BoundedSemaphore
from typing import Final, ParamSpec, TypeVar

import structlog

log = structlog.get_logger(__name__)

Item = TypeVar("Item")
Given = ParamSpec("Given")

WORK_SECONDS: Final = 25.0
PLACES: Final = {"mail": 2, "webhook": 2, "stripe": 3}
"""So many tasks of a kind at once in a process. The courier has more threads than all of them."""

_places: Final = {kind: BoundedSemaphore(most) for kind, most in PLACES.items()}


def outward(kind: str) -> Callable[[Callable[Given, None]], Callable[Given, None]]:
    """Let a task work where there is a place for its kind, and do nothing otherwise."""
    places = _places[kind]

    def wrap(work: Callable[Given, None]) -> Callable[Given, None]:
        @wraps(work)
        def bounded(*args: Given.args, **kwargs: Given.kwargs) -> None:
            if not places.acquire(blocking=False):
                log.info("no_place_for_task", task=work.__name__, kind=kind)
                return
            try:
                work(*args, **kwargs)
            finally:
                places.release()

        bounded.waits_for = kind  # type: ignore[attr-defined]
        return bounded

    return wrap


def within(items: Iterable[Item], *, seconds: float = WORK_SECONDS) -> Iterator[Item]:
    """Yield items until the time is over; the next beat goes on with the others."""
    ends_at = time.monotonic() + seconds
    for item in items:
        if time.monotonic() >= ends_at:
            return
        yield item
