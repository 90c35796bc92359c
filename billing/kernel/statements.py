"""Statements past Django's cursors: for hot paths, whose statements the server plans once."""

from __future__ import annotations

import os
import re
import threading
from asyncio import _get_running_loop
from collections.abc import Iterator
from contextlib import contextmanager
from select import POLLIN, poll
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

GOOD: Final = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})
KEEP_PLANS_FROM: Final = 2
"""The use of a statement from which its plan is kept on the connection."""


@contextmanager
def raw_connection() -> Iterator[Connection]:
    """Lend Django's connection as psycopg's own. Errors leave as Django's.

    Its own cursors put arguments into the text of the statement: `cursor_of` gives one that sends
    them apart, for statements that the server plans once and keeps.
    """
    connection.ensure_connection()
    raw: Connection = connection.connection
    raw.prepare_threshold = KEEP_PLANS_FROM
    with connection.wrap_database_errors:
        yield raw


def cursor_of(raw: Connection) -> Cursor:
    """Return a cursor whose statements are prepared when they come again."""
    return psycopg.Cursor(raw)


class _Here(threading.local):
    connection: Any = None


_here: Final = _Here()


def connection_here() -> Any:
    """Return the thread's connection: Django's own, which it looks up slowly at each use.

    Where an event loop runs, each of its tasks has one of its own, as Django has it.
    """
    if _get_running_loop() is not None:
        return connections[DEFAULT_DB_ALIAS]
    here = _here.connection
    if here is None:
        here = _here.connection = connections[DEFAULT_DB_ALIAS]
    return here


def drop_dead_connection() -> None:
    """Do what Django's handler does around a request; a caller's open transaction is left alone."""
    here = connection_here()
    if here.connection is not None and not here.in_atomic_block:
        here.close_if_unusable_or_obsolete()


class _Shared:
    """A connection of the process for whoever finds it free; the others take their thread's own.

    Requests go from thread to thread, so each thread's connection comes round seldom. One that was
    used a moment ago has warm caches, here and in the server: its statements take half as long.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._connection: Any = None

    def taken(self) -> Any:
        """Return the connection, which may have to be made anew, to the holder of the lock."""
        here = self._connection
        if here is None:
            here = self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
            here.inc_thread_sharing()
        here.close_if_unusable_or_obsolete()  # as Django does with a thread's own
        return here

    def leave_to_parent(self) -> None:
        """Begin anew after a fork: two processes can't talk over one connection."""
        self.lock = threading.Lock()
        self._connection = None


_shared: Final = _Shared()
os.register_at_fork(after_in_child=_shared.leave_to_parent)


class Statement:
    """A statement of a hot path: prepared once on a connection, its values sent and read as text.

    psycopg's own way costs a tenth of a thousandth of a second each time, for adapting values and
    for waiting in Python; libpq alone takes a tenth of that. Placeholders are $1, $2, …; columns
    that are no text have to be cast to it. What many threads run, one after the other, is `shared`:
    it goes over the process's shared connection where that is free.
    """

    def __init__(self, name: str, text: str, *, shared: bool = False) -> None:
        self._name = name.encode()
        self._text = text.encode()
        self._is_shared = shared
        self._for_cursors = re.sub(r"\$[0-9]+", "%s", text)

    def rows(self, *values: str | None) -> list[tuple[str | None, ...]]:
        """Run it and return its rows. Outside of a transaction it is one by itself.

        A connection that has died meanwhile is made anew beforehand. One that dies while this runs
        is an OperationalError: whether it was done is not known, so it is not sent again.
        """
        here = connection_here()
        if here.in_atomic_block:
            with raw_connection() as raw:
                return cursor_of(raw).execute(self._for_cursors.encode(), values).fetchall()
        given = [None if value is None else value.encode() for value in values]
        if not (self._is_shared and _shared.lock.acquire(blocking=False)):
            return self._rows(here, given)
        try:
            return self._rows(_shared.taken(), given)
        finally:
            _shared.lock.release()

    def _rows(self, here: Any, values: Any) -> list[tuple[str | None, ...]]:
        _renew(here)
        with here.wrap_database_errors:
            return self._run(here.connection, values)

    def _run(self, raw: Connection, values: Any) -> list[tuple[str | None, ...]]:
        prepared = _prepared.get(raw)
        if prepared is None:
            prepared = _prepared[raw] = set()
        try:
            result = self._result(raw, values, prepared)
        except psycopg.errors.InvalidSqlStatementName:  # DEALLOCATE ALL: nothing was done
            prepared.discard(self._name)  # it alone: others may have been prepared since
            result = self._result(raw, values, prepared)
        columns = range(result.nfields)
        return [
            tuple(_text(result.get_value(row, column)) for column in columns)
            for row in range(result.ntuples)
        ]

    def _result(self, raw: Connection, values: Any, prepared: set[bytes]) -> PGresult:
        if self._name not in prepared:
            _checked(raw, raw.pgconn.prepare(self._name, self._text))
            prepared.add(self._name)
        return _checked(raw, raw.pgconn.exec_prepared(self._name, values))


_prepared: Final[WeakKeyDictionary[Connection, set[bytes]]] = WeakKeyDictionary()


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _checked(raw: Connection, result: PGresult) -> PGresult:
    """Return a result that is none of an error; raise psycopg's error for any other."""
    if result.status in GOOD:
        return result
    if raw.pgconn.status != ConnStatus.OK:
        raise psycopg.OperationalError("the connection was lost")
    raise error_from_result(result)


def _renew(here: Any) -> None:
    """Connect, anew where the server has closed: what waits unread is its farewell."""
    if here.connection is not None:
        pgconn = here.connection.pgconn
        if pgconn.status == ConnStatus.OK and not _is_readable(pgconn.socket):
            return
        here.close()
    here.ensure_connection()


def _is_readable(number: int) -> bool:
    asked = poll()  # not select: that refuses numbers from 1024 on
    asked.register(number, POLLIN)
    return bool(asked.poll(0))
