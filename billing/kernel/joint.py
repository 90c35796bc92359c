"""Work done together: what many threads want at the same time, one of them does for all.

The first that finds nobody working works for all that wait by then; who comes meanwhile waits,
and one of them works for all of those. So under load one round trip, one flush and one run
through warm caches serve many, and without load no other thread is woken. Where several came at
once the last time, the next one waits a moment for as many: they are on their way.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Final

from billing.kernel.errors import ServiceUnavailable

LIMIT_WAITING: Final = 5_000
"""Threads that may wait. More are refused: they would not be answered in time."""

LIMIT_TOGETHER: Final = 500
ANSWER_SECONDS: Final = 30.0
GATHER_SECONDS: Final = 0.001


class Waiting:
    """What a thread wants, and its place to sleep until it is done or it shall work itself."""

    __slots__ = ("error", "leads", "outcome", "wanted", "woken")

    def __init__(self, wanted: Any) -> None:
        self.wanted = wanted
        self.outcome: Any = None
        self.error: BaseException | None = None
        self.leads = False
        self.woken = threading.Lock()
        self.woken.acquire()


class Joint:
    """The queue of one process for one kind of work. It has no thread of its own."""

    def __init__(self) -> None:
        self._queue: deque[Waiting] = deque()
        self._mutex = threading.Lock()
        self._is_led = False
        self._expected = 1
        self._awaited = 0
        self._all_here: threading.Lock | None = None

    def prepare(self, waiting: Waiting, known: dict[Any, Any]) -> None:
        """Do what can be done for one before the others are there. Raises nothing.

        `known` is for what those of one group have in common.
        """

    def work(self, group: list[Waiting]) -> None:
        """Do what a group wants: each gets its outcome, which is never None, or its error."""
        raise NotImplementedError

    def wait_for(self, mine: Waiting) -> Any:
        """Have it done together with what others want; return its outcome.

        Raises its error, and ServiceUnavailable where too many wait, or it takes too long.
        """
        with self._mutex:
            if len(self._queue) >= LIMIT_WAITING:
                raise ServiceUnavailable
            self._queue.append(mine)
            if self._all_here is not None and len(self._queue) >= self._awaited:
                self._all_here.release()
                self._all_here = None
            mine.leads = not self._is_led
            self._is_led = True
        if mine.leads or self._wait(mine):
            self._lead()
        if mine.error is not None:
            raise mine.error
        assert mine.outcome is not None, "a leader's own work is in its group"
        return mine.outcome

    def _wait(self, mine: Waiting) -> bool:
        """Sleep; return whether it is this one's turn to work. Raises ServiceUnavailable."""
        if mine.woken.acquire(timeout=ANSWER_SECONDS):
            return mine.leads
        with self._mutex:
            if mine.leads:
                return True
            if mine in self._queue:
                self._queue.remove(mine)
        raise ServiceUnavailable

    def _lead(self) -> None:
        """Work for those that wait, LIMIT_TOGETHER at most, oldest first; then hand the lead on."""
        group: list[Waiting] = []
        try:
            self._gather(group)
            self.work(group)
        except BaseException as error:
            for waiting in group:
                if waiting.outcome is None and waiting.error is None:
                    waiting.error = error
            raise
        finally:
            with self._mutex:
                following = self._queue[0] if self._queue else None
                self._expected = len(group) + len(self._queue)
                self._is_led = following is not None
                if following is not None:
                    following.leads = True
                    following.woken.release()
            for waiting in group:
                if not waiting.leads:
                    waiting.woken.release()

    def _gather(self, group: list[Waiting]) -> None:
        """Prepare those that are there, then those that came meanwhile or are on their way."""
        known: dict[Any, Any] = {}
        self._take(group, known)
        self._await(self._expected - len(group))
        self._take(group, known)

    def _take(self, group: list[Waiting], known: dict[Any, Any]) -> None:
        while len(group) < LIMIT_TOGETHER:
            with self._mutex:
                if not self._queue:
                    return
                waiting = self._queue.popleft()
            group.append(waiting)
            self.prepare(waiting, known)

    def _await(self, missing: int) -> None:
        """Wait until so many have come, a thousandth of a second at most."""
        with self._mutex:
            if len(self._queue) >= missing:
                return
            self._awaited = missing
            gathering = self._all_here = threading.Lock()
            gathering.acquire()
        gathering.acquire(timeout=GATHER_SECONDS)
        with self._mutex:
            self._all_here = None
