"""The backend: one connection for each thread, closed also where the thread has just vanished.

A statement that is kept is planned once. Left to itself Postgres plans it anew each time where that
looks cheaper than the plan for any values: for a list of one id, say, of which it assumes ten, and
to plan takes longer than to run. Ours look rows up by their keys, whatever the values.

The web server ends threads that were idle for a while. Nothing tells Python: what such a thread
held for itself is never freed, its connection stays open, and after some quiet spells
max_connections is reached. So whenever a thread opens a connection, those of threads that are no
longer there are closed.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Final
from weakref import ReferenceType, ref

import psycopg
from django.db.backends.postgresql import base

TASKS: Final = Path("/proc/self/task")
"""A folder for each thread of this process; only Linux has it, and the web server in earnest."""


class Opened:
    """The connections of a process by thread. It holds none of them: a thread's end may free it."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Begin anew. A forked child must not close what is its parent's."""
        self._mutex = threading.Lock()
        self._opened: list[tuple[int, ReferenceType[psycopg.Connection[Any]]]] = []

    def note(self, connection: psycopg.Connection[Any]) -> None:
        """Remember what the calling thread has opened; close what threads have left behind."""
        with self._mutex:
            alive = _threads()
            still = []
            for thread, reference in self._opened:
                other = reference()
                if other is None or other.closed:
                    continue
                if alive is not None and thread not in alive:
                    other.close()
                else:
                    still.append((thread, reference))
            self._opened = [*still, (threading.get_native_id(), ref(connection))]


def _threads() -> frozenset[int] | None:
    """Return the ids of the threads that there are, or None where that can't be known."""
    if not TASKS.is_dir():
        return None
    return frozenset(int(entry.name) for entry in TASKS.iterdir())


OPENED: Final = Opened()


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, whose connections are noted, but for one that is no thread's own."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if not self.allow_thread_sharing:
            OPENED.note(connection)
        return connection

    def init_connection_state(self) -> None:
        super().init_connection_state()
        with self.connection.cursor() as cursor:
            cursor.execute("SET plan_cache_mode = force_generic_plan")
        if not self.get_autocommit():
            self.connection.commit()
