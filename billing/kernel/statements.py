"""Statements past Django's cursors: for hot paths, whose statements the server plans once."""

from __future__ import annotations

import re
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


class Statement:
    """A statement of a hot path: prepared once on a connection, its values sent and read as text.

    psycopg's own way costs a tenth of a thousandth of a second each time, for adapting values and
    for waiting in Python; libpq alone takes a tenth of that. Placeholders are $1, $2, …; columns
    that are no text have to be cast to it.
    """

    def __init__(self, name: str, text: str) -> None:
        self._name = name.encode()
        self._text = text.encode()
        self._for_cursors = re.sub(r"\$[0-9]+", "%s", text)

    def rows(self, *values: str | None) -> list[tuple[str | None, ...]]:
        """Run it and return its rows. Outside of a transaction it is one by itself.

        A connection that has died meanwhile is made anew beforehand. One that dies while this runs
        is an OperationalError: whether it was done is not known, so it is not sent again.
        """
        here = connections[DEFAULT_DB_ALIAS]  # once: Django looks it up at each use of its own
        if here.in_atomic_block:
            with raw_connection() as raw:
                return cursor_of(raw).execute(self._for_cursors.encode(), values).fetchall()
        _renew(here)
        given = [None if value is None else value.encode() for value in values]
        with here.wrap_database_errors:
            return self._run(here.connection, given)

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
        if pgconn.status != ConnStatus.OK or _is_readable(pgconn.socket):
            here.close()
    here.ensure_connection()


def _is_readable(number: int) -> bool:
    asked = poll()  # not select: that refuses numbers from 1024 on
    asked.register(number, POLLIN)
    return bool(asked.poll(0))
