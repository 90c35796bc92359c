"""`bin/manage doctor`: what is wrong with an installation, one line each with the way out.

What shows without Django (packages, the data folder, processes) is looked at by the launcher, which
runs this after it. In a container this runs alone.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, utils
from django.db.migrations.executor import MigrationExecutor

from billing.kernel import clock, liveness

OK: Final = "OK"
WARN: Final = "WARN"
FAIL: Final = "FAIL"
OLDEST_POSTGRES: Final = 150_000
SKEW_SECONDS: Final = 5.0
BROKEN_SKEW_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, and the way out where it is not well."""

    level: str
    subject: str
    text: str


class Command(BaseCommand):
    help = "Find what is wrong with this installation; exit with 1 if something fails."
    requires_system_checks = []
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        failed = False
        for check in (check_database, check_valkey, check_web):
            for finding in tried(check):
                failed = failed or finding.level == FAIL
                self.stdout.write(f"{finding.level:4}  {finding.subject:12}  {finding.text}")
        if failed:
            raise SystemExit(1)


def tried(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield a check's findings; a server that is away ends the check with one line."""
    try:
        yield from check()
    except utils.Error as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        yield Finding(FAIL, "database", f"{reason}: start it with bin/up, or mend DATABASE_URL")
    except redis.RedisError as error:
        yield Finding(FAIL, "valkey", f"{error}: start it with bin/up, or mend REDIS_URL")


def asked(sql: str) -> Any:
    """Return the first column of the first row."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return None if row is None else row[0]


def check_database() -> Iterator[Finding]:
    number = int(asked("SELECT current_setting('server_version_num')"))
    version = f"Postgres {asked('SHOW server_version')}"
    if number < OLDEST_POSTGRES:
        yield Finding(FAIL, "database", f"{version} is too old: move to 15 or newer")
    else:
        yield Finding(OK, "database", f"{version} answers")
    yield from check_role()
    if asked("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'"):
        yield Finding(OK, "extension", "btree_gist is there")
    else:
        yield Finding(FAIL, "extension", "as a superuser run: CREATE EXTENSION btree_gist")
    yield check_durability()
    yield check_skew()
    yield check_migrations()


def check_role() -> Iterator[Finding]:
    """Look whether the serving role can do its work, and no more than that."""
    name = asked("SELECT current_user")
    if asked("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        text = f"{name} is a superuser: serve as a role without ownership (MIGRATE_DATABASE_URL)"
        yield Finding(WARN, "role", text)
    elif asked("SELECT 1 FROM pg_tables WHERE tableowner = current_user LIMIT 1"):
        text = f"{name} owns tables: serve as another role (MIGRATE_DATABASE_URL)"
        yield Finding(WARN, "role", text)
    else:
        yield Finding(OK, "role", f"{name} serves and owns nothing")
    unreadable = asked(
        "SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = 'public'"
        " AND NOT has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
    )
    if unreadable:
        text = f"{name} may not read {unreadable}: GRANT SELECT, INSERT, UPDATE, DELETE on them"
        yield Finding(FAIL, "role", text)


def check_durability() -> Finding:
    off = [
        name
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if asked(f"SHOW {name}") == "off"
    ]
    if off:
        return Finding(FAIL, "durability", f"{', '.join(off)} is off: a crash loses usage; set on")
    return Finding(OK, "durability", "what is committed survives a crash")


def check_skew() -> Finding:
    """Compare the database's clock with this machine's."""
    there = asked("SELECT clock_timestamp()")
    seconds = abs((clock.now() - there).total_seconds())
    if seconds < SKEW_SECONDS:
        return Finding(OK, "clock", "this machine and the database agree")
    level = FAIL if seconds > BROKEN_SKEW_SECONDS else WARN
    text = f"{seconds:.0f} s apart from the database's: keep both by NTP"
    return Finding(level, "clock", text)


def check_migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return Finding(FAIL, "migrations", f"{len(missing)} to apply: run bin/manage migrate")
    return Finding(OK, "migrations", "all are applied")


def check_valkey() -> Iterator[Finding]:
    with liveness.client() as client:
        server: Any = client.info()
        version = server.get("valkey_version") or server.get("redis_version")
        yield Finding(OK, "valkey", f"{version} answers")
        if server.get("aof_enabled"):
            yield Finding(OK, "queue", "survives a crash of Valkey")
        else:
            yield Finding(WARN, "queue", "is lost in a crash of Valkey: set appendonly yes")
        policy = str(server.get("maxmemory_policy", ""))
        if policy == "noeviction":
            yield Finding(OK, "memory", "tasks are never evicted")
        else:
            text = f"maxmemory-policy is {policy}, which drops tasks: set noeviction"
            yield Finding(FAIL, "memory", text)


def check_web() -> Iterator[Finding]:
    """Ask /readyz and look when a worker last showed itself."""
    url = os.environ.get("BILLING_WEB_URL", "")
    if not url:
        return
    yield ready(url)
    seen = liveness.last_beat()
    if seen is None:
        yield Finding(FAIL, "worker", "none has shown itself: see the worker's log")
        return
    silent = int((clock.now() - seen).total_seconds())
    if silent >= liveness.STALE_AFTER_SECONDS:
        text = f"silent for {silent} s: see the logs of worker and beat"
        yield Finding(FAIL, "worker", text)
    else:
        yield Finding(OK, "worker", f"showed itself {silent} s ago")


def ready(url: str) -> Finding:
    """Ask the web process itself."""
    parts = urlsplit(url)
    name = next((host for host in settings.ALLOWED_HOSTS if host != "*"), parts.hostname or "")
    asking = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        asking.request("GET", "/readyz", headers={"Host": name.lstrip(".")})
        answer = asking.getresponse()
        body = answer.read(65_536)
    except (OSError, http.client.HTTPException) as error:
        return Finding(FAIL, "web", f"{url} does not answer ({error}): see the web's log")
    finally:
        asking.close()
    if answer.status == 200:
        return Finding(OK, "web", f"{url}/readyz is 200")
    return Finding(FAIL, "web", f"{url}/readyz is {answer.status}: {reasons(body)}")


def reasons(body: bytes) -> str:
    """Return the checks that are not ok, as /readyz names them."""
    try:
        checks = json.loads(body)["checks"]
        return ", ".join(f"{name}: {why}" for name, why in checks.items() if why != "ok")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "see the web's log"
