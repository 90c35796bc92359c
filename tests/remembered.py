"""A scene that is played once in a process: later tests get its rows as they were, in one stroke.

Many tests begin with the same dozens of requests, a second of work, and each needs rows of its
own to change. So the first one makes them; what it made is copied out, and put back for the others
within the transaction of each. Only for scenes that begin with an empty database and leave
nothing outside of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection
from psycopg import sql

Given = ParamSpec("Given")
Made = TypeVar("Made")

TABLES = """
SELECT tablename, tablename IN (SELECT tablename FROM pg_tables WHERE schemaname = 'as_made')
FROM pg_tables WHERE schemaname = 'public'
"""


def remembered(play: Callable[Given, Made]) -> Callable[Given, Made]:
    """Wrap what makes a scene. Its arguments must lead to the same rows each time."""
    memory: list[tuple[Made, Mapping[str, bytes]]] = []

    @wraps(play)
    def recall(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        if not memory:
            assert changed() == set(), "a remembered scene begins with an empty database"
            value = play(*args, **kwargs)
            memory.append((value, {name: taken(name) for name in changed()}))
        else:
            put_back(memory[0][1])
        return deepcopy(memory[0][0])

    return recall


def changed() -> set[str]:
    """Return the tables that are not as migrations made them."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        differs = sql.SQL(" UNION ALL ").join(_differs(*row) for row in cursor.fetchall())
        cursor.execute(differs)
        return {name for (name,) in cursor.fetchall()}


def _differs(name: str, has_rows_of_old: bool) -> sql.Composed:
    table, old = sql.Identifier("public", name), sql.Identifier("as_made", name)
    either = "(TABLE {0} EXCEPT TABLE {1}) UNION ALL (TABLE {1} EXCEPT TABLE {0})"
    rows = sql.SQL(either if has_rows_of_old else "SELECT FROM {0}").format(table, old)
    return sql.SQL("SELECT {} WHERE EXISTS ({})").format(sql.Literal(name), rows)


def taken(name: str) -> bytes:
    copy = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier("public", name))
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        return b"".join(rows)


def put_back(tables: Mapping[str, bytes]) -> None:
    """Write the rows as a replica does: no trigger fires, in any order of the tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name, rows in tables.items():
            copy = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier("public", name))
            with cursor.copy(copy) as into:
                into.write(rows)
        cursor.execute("SET LOCAL session_replication_role = origin")
