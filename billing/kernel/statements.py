"""Statements past Django's cursors: for hot paths, whose statements the server plans once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from django.db import connection

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

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


def rows_of(statement: str, arguments: list[Any]) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows. Outside of a transaction it is one by itself."""
    with raw_connection() as raw:
        return cursor_of(raw).execute(statement, arguments).fetchall()
