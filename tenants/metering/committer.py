"""Group commit: events that come in at the same time, from many requests, share one transaction.

A single event costs a flush to disk. The first request that has nobody committing before it
commits for all that wait by then; who comes meanwhile waits, and one of them commits for all of
those. So under load a flush serves many, and without load no other thread is woken. Where several
came at once the last time, the next one waits a moment for as many: they are on their way.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Final

import structlog
from django.db import InterfaceError, OperationalError

from billing.kernel.errors import ServiceUnavailable
from billing.kernel.statements import connection_here
from billing.metering.events import AccountBatch
from billing.metering.few import seems_limited
from billing.metering.record import record

log = structlog.get_logger(__name__)

LIMIT_WAITING: Final = 5_000
"""Requests that may wait. More are refused: they would not be answered in time."""

LIMIT_TOGETHER: Final = 500
ANSWER_SECONDS: Final = 30.0
GATHER_SECONDS: Final = 0.001


class Waiting:
    """A request's events, and its place to sleep until they are on disk or it shall commit."""

    __slots__ = ("batch", "error", "leads", "outcome", "woken")

    def __init__(self, batch: Any) -> None:
        self.batch = batch
        self.outcome: Any = None
        self.error: BaseException | None = None
        self.leads = False
        self.woken = threading.Lock()
        self.woken.acquire()


class Committer:
    """The queue of one process. It has no thread of its own: requests' threads do the work."""

    def __init__(self) -> None:
        self._queue: deque[Waiting] = deque()
        self._mutex = threading.Lock()
        self._is_led = False
        self._expected = 1
        self._all_here: threading.Lock | None = None

    def record(self, batch: AccountBatch) -> list[bool]:
        """Record a batch together with others; return once it is on disk.

        Within a transaction of the caller's it is recorded in that one. Raises ServiceUnavailable
        where too many wait, and what recording this batch raises.
        """
        if connection_here().in_atomic_block:
            return record([batch])[0]
        outcome: list[bool] = self.wait_for(batch)
        return outcome

    def commit(self, group: list[Waiting]) -> None:
        """Do the work of a group: each gets its outcome, or its error."""
        _commit(group)

    def wait_for(self, batch: Any) -> Any:
        """Have the work done together with that of others; return its outcome."""
        mine = Waiting(batch)
        with self._mutex:
            if len(self._queue) >= LIMIT_WAITING:
                raise ServiceUnavailable
            self._queue.append(mine)
            if self._all_here is not None and len(self._queue) == self._expected:
                self._all_here.release()
                self._all_here = None
            mine.leads = not self._is_led
            self._is_led = True
        if mine.leads or self._wait(mine):
            self._lead()
        if mine.error is not None:
            raise mine.error
        assert mine.outcome is not None, "a leader's own batch is in its group"
        return mine.outcome

    def _wait(self, mine: Waiting) -> bool:
        """Sleep; return whether it is this one's turn to commit. Raises ServiceUnavailable."""
        if mine.woken.acquire(timeout=ANSWER_SECONDS):
            return mine.leads
        with self._mutex:
            if mine.leads:
                return True
            if mine in self._queue:
                self._queue.remove(mine)
        raise ServiceUnavailable

    def _lead(self) -> None:
        """Commit what waits, at most LIMIT_TOGETHER, oldest first; then hand the lead on."""
        self._gather()
        with self._mutex:
            group = [self._queue.popleft() for _ in range(min(len(self._queue), LIMIT_TOGETHER))]
        try:
            self.commit(group)
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

    def _gather(self) -> None:
        """Wait for as many as there were the last time, a thousandth of a second at most."""
        with self._mutex:
            if len(self._queue) >= self._expected:
                return
            self._all_here = threading.Lock()
            self._all_here.acquire()
            gathering = self._all_here
        gathering.acquire(timeout=GATHER_SECONDS)
        with self._mutex:
            self._all_here = None


def _commit(group: list[Waiting]) -> None:
    """Record a group. Where that fails, each is tried alone: one bad fails alone.

    Accounts with quotas take more round trips, so they go by themselves, after the others.
    """
    limited = [waiting for waiting in group if seems_limited(waiting.batch.account_id)]
    if limited and len(limited) < len(group):
        _commit([waiting for waiting in group if waiting not in limited])
        _commit(limited)
        return
    try:
        outcomes = _record([waiting.batch for waiting in group])
    except Exception as error:
        if len(group) == 1 or isinstance(error, OperationalError | InterfaceError):
            for waiting in group:
                waiting.error = error
            return
        log.warning("joint_commit_failed", requests=len(group), exc_info=error)
        for waiting in group:
            _commit([waiting])
        return
    for waiting, outcome in zip(group, outcomes, strict=True):
        waiting.outcome = outcome


def _record(batches: list[AccountBatch]) -> list[list[bool]]:
    """Record; where the connection has died, once more on a new one.

    A commit whose answer was lost makes the second try find duplicates: nothing counts twice.
    """
    try:
        return record(batches)
    except (OperationalError, InterfaceError):
        connection_here().close()
        return record(batches)


COMMITTER: Final = Committer()
