"""The tests' databases: copies of one that was migrated once, and emptied by what is in them.

Django would migrate each of them from nothing, and after each test with real transactions
truncate every table and make permissions anew: a minute of every run, and seconds of every such
test.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg
from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from launcher.paths import ROOT
from launcher.unchanged import migrations_fingerprint

MIGRATE_SECONDS: Final = 600
LOCK: Final = 7_253_418
"""Held by whoever makes databases: two at once would both migrate, or both copy what is in use."""

COMMENT: Final = """
SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s
"""

REMEMBER: Final = """
DO $$
DECLARE one text; filled boolean;
BEGIN
    CREATE SCHEMA as_made;
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', one) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE as_made.%I AS TABLE public.%I', one, one);
        END IF;
    END LOOP;
END $$
"""

# As a replica: no trigger fires and no reference is looked after, so the order does not matter.
# A lock that another connection holds is a test that left something running: say so soon.
RESTORE: Final = """
DO $$
DECLARE one text; changed boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    SET LOCAL lock_timeout = '20s';
    FOR one IN
        SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        EXCEPT SELECT tablename FROM pg_tables WHERE schemaname = 'as_made'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', one) INTO changed;
        IF changed THEN
            EXECUTE format('DELETE FROM public.%I', one);
        END IF;
    END LOOP;
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'as_made' LOOP
        EXECUTE format(
            'SELECT EXISTS (TABLE public.%I EXCEPT ALL TABLE as_made.%I)'
            ' OR EXISTS (TABLE as_made.%I EXCEPT ALL TABLE public.%I)', one, one, one, one
        ) INTO changed;
        IF changed THEN
            EXECUTE format('DELETE FROM public.%I', one);
            EXECUTE format('INSERT INTO public.%I TABLE as_made.%I', one, one);
        END IF;
    END LOOP;
END $$
"""


def use_a_copy() -> str:
    """Copy the migrated database, let Django use the copy, and return its name."""
    configured = settings.DATABASES["default"]
    name: str = configured["TEST"]["NAME"] or f"test_{configured['NAME']}"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with _alone() as server:
        template = _migrated(server)
        _drop(server, name)
        server.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
    connection.close()
    configured["NAME"] = connection.settings_dict["NAME"] = name
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER)
    return name


def make() -> None:
    """Make the database that is copied, so that no test waits for it."""
    with _alone() as server:
        _migrated(server)


def drop(name: str) -> None:
    connection.close()
    with _alone() as server:
        _drop(server, name)


def empty() -> None:
    """Bring the database to what it was made as, after a test with real transactions."""
    with connection.cursor() as cursor:
        cursor.execute(RESTORE)


@contextmanager
def undone() -> Iterator[None]:
    """Do something within a test's transaction, and have the database forget it."""
    block: Any = transaction.atomic()
    block._from_testcase = True  # so that services may be durable in it
    with block:
        yield
        transaction.set_rollback(True)


@contextmanager
def _alone() -> Iterator[psycopg.Connection[Any]]:
    """Connect to the server, and wait until no other makes databases there."""
    given: dict[str, Any] = {**connection.get_connection_params(), "dbname": "postgres"}
    parameters = {name: given[name] for name in ("host", "port", "user", "password", "dbname")}
    with psycopg.Connection.connect(**parameters, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield server


def _migrated(server: psycopg.Connection[Any]) -> str:
    """Return the name of a database with these migrations. Where there is none, make it.

    Migrations run in a process of their own: they leave no trace in this one.
    """
    name, wanted = f"template_{settings.DATABASES['default']['NAME']}", migrations_fingerprint()
    if server.execute(COMMENT, [name]).fetchone() == (wanted,):
        return name
    _drop(server, name)
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": urlunsplit(address)},
        check=True,
        timeout=MIGRATE_SECONDS,
    )
    note = sql.SQL("COMMENT ON DATABASE {} IS {}")
    server.execute(note.format(sql.Identifier(name), sql.Literal(wanted)))
    return name


def _drop(server: psycopg.Connection[Any], name: str) -> None:
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    server.execute(drop.format(sql.Identifier(name)))


if __name__ == "__main__":
    django.setup()
    make()
