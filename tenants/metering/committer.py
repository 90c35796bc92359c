"""Group commit: events that come in at the same time, from many requests, share one transaction.

A single event costs a flush to disk. One thread in each process takes all events that wait,
records them together, and answers each request after the commit: under load a flush serves many.
"""

from __future__ import annotations

import atexit
import queue
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Final

import structlog
from django.db import InterfaceError, OperationalError, connection

from billing.kernel.errors import ServiceUnavailable
from billing.metering.events import AccountBatch
from billing.metering.record import record

log = structlog.get_logger(__name__)

LIMIT_WAITING: Final = 5_000
"""Requests that may wait. More are refused: they would not be answered in time."""

LIMIT_TOGETHER: Final = 500
ANSWER_SECONDS: Final = 30.0
END_SECONDS: Final = 10.0


@dataclass(slots=True)
class _Waiting:
    batch: AccountBatch
    answer: Future[list[bool]] = field(default_factory=Future)


class Committer:
    """The process's one committing thread. It starts with the first event, after any fork."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue(LIMIT_WAITING)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def record(self, batch: AccountBatch) -> list[bool]:
        """Record a batch together with others; return once it is on disk.

        Within a transaction of the caller's it is recorded in that one. Raises ServiceUnavailable
        where too many wait, and what recording this batch alone raises.
        """
        if connection.in_atomic_block:
            return record([batch])[0]
        self._start()
        waiting = _Waiting(batch)
        try:
            self._waiting.put_nowait(waiting)
            return waiting.answer.result(timeout=ANSWER_SECONDS)
        except (queue.Full, FutureTimeout):
            raise ServiceUnavailable from None

    def close(self) -> None:
        """Commit what waits, close the thread's connection, and end the thread."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            self._waiting.put(None)
            thread.join(END_SECONDS)
        self._thread = None

    def _start(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _run(self) -> None:
        try:
            while (first := self._waiting.get()) is not None:
                group = [first]
                is_last = False
                while len(group) < LIMIT_TOGETHER and not self._waiting.empty():
                    more = self._waiting.get_nowait()
                    if more is None:
                        is_last = True
                        break
                    group.append(more)
                _commit(group)
                if is_last:
                    return
        finally:
            connection.close()


def _commit(group: list[_Waiting]) -> None:
    """Record a group and answer it. Where that fails, each is tried alone: one bad fails alone."""
    try:
        outcomes = _record([waiting.batch for waiting in group])
    except Exception as error:
        if len(group) == 1 or isinstance(error, OperationalError | InterfaceError):
            for waiting in group:
                waiting.answer.set_exception(error)
            return
        log.warning("joint_commit_failed", events=len(group), exc_info=error)
        for waiting in group:
            _commit([waiting])
        return
    for waiting, outcome in zip(group, outcomes, strict=True):
        waiting.answer.set_result(outcome)


def _record(batches: list[AccountBatch]) -> list[list[bool]]:
    """Record; where the connection has died, once more on a new one.

    A commit whose answer was lost makes the second try find duplicates: nothing counts twice.
    """
    try:
        return record(batches)
    except (OperationalError, InterfaceError):
        connection.close()
        return record(batches)


COMMITTER: Final = Committer()
