"""One at a time, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Threads take turns at work that is short. None waits longer than `seconds`: then it goes too.

    A lock wakes whom it likes, and so does the interpreter with the threads that want to run: of
    many that do the same, some wait for twenty others. It is order that this gives, not exclusion.
    """

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._mutex = threading.Lock()
        self._line: deque[threading.Lock] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Stand in line, and be its head meanwhile."""
        mine = threading.Lock()
        mine.acquire()
        with self._mutex:
            self._line.append(mine)
            is_first = len(self._line) == 1
        try:
            if not is_first:
                mine.acquire(timeout=self._seconds)
            yield
        finally:
            self._leave(mine)

    def _leave(self, mine: threading.Lock) -> None:
        with self._mutex:
            was_head = self._line[0] is mine
            self._line.remove(mine)
            if was_head and self._line:
                self._line[0].release()
