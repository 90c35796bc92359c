"""Bounded work: who comes to a process that is full waits a while, then is told to come again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from billing.kernel.errors import ServiceUnavailable


class Slots:
    """So many may work at once; others wait at most `seconds`."""

    def __init__(self, *, limit: int, seconds: float) -> None:
        self._free = threading.BoundedSemaphore(limit)
        self._seconds = seconds

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Work in a slot. Raises ServiceUnavailable, which says when to come again."""
        if not self._free.acquire(timeout=self._seconds):
            raise ServiceUnavailable
        try:
            yield
        finally:
            self._free.release()
