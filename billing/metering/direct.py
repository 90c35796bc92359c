"""A statement straight through libpq: planned once a connection, no cursor in between.

For a statement of the hot path psycopg's cursor takes longer than sending it: it looks at each
argument's type, and waits in Python. Here the arguments are texts, and the wait is libpq's own,
without the interpreter's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors, pq

from billing.metering.store import Connection

_GONE: Final = b"26000"
"""SQLSTATE invalid_sql_statement_name."""

_prepared: Final[WeakKeyDictionary[Connection, set[bytes]]] = WeakKeyDictionary()
"""By connection, the names of the statements that it keeps."""


def first_value(
    raw: Connection, name: bytes, statement: bytes, arguments: Sequence[bytes]
) -> bytes | None:
    """Run a statement of parameters $1, $2, …; return the first value of its first row as text.

    `name` stands for this statement alone. Outside of a transaction it is one. Raises psycopg's
    errors. Where the server has lost the plan (a pooler gave another one), it is planned anew.
    """
    if name not in _prepared.setdefault(raw, set()):
        _prepare(raw, name, statement)
    result = raw.pgconn.exec_prepared(name, arguments)
    if result.error_field(pq.DiagnosticField.SQLSTATE) == _GONE:
        _prepare(raw, name, statement)
        result = raw.pgconn.exec_prepared(name, arguments)
    _require(raw, result, pq.ExecStatus.TUPLES_OK)
    return result.get_value(0, 0)


def _prepare(raw: Connection, name: bytes, statement: bytes) -> None:
    _require(raw, raw.pgconn.prepare(name, statement), pq.ExecStatus.COMMAND_OK)
    _prepared[raw].add(name)


def _require(raw: Connection, result: pq.abc.PGresult, status: pq.ExecStatus) -> None:
    if result.status == status:
        return
    if raw.pgconn.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError(result.get_error_message())
    raise errors.error_from_result(result)
