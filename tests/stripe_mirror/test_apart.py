"""The mirror is installed only where it is wanted: its tests run in a process that has it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django
import djstripe
import psycopg
import pytest
from django.apps import apps
from django.conf import settings

from launcher.postgres import MAJOR

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = """
    SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision,
           numeric_scale, is_nullable, column_default
    FROM information_schema.columns WHERE table_name LIKE 'djstripe_%' ORDER BY 1, 2
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid::regclass::text LIKE 'djstripe_%' ORDER BY 1, 2
"""
INDEXES = """
    SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE tablename LIKE 'djstripe_%' ORDER BY 1, 2
"""
# What the package's own migrations make takes two minutes of CPU to find out, and changes only with
# the package: kept as a digest for each table, and found out again where one of these changes.
RECORD = Path(__file__).with_name("upstream.json")

pytestmark = pytest.mark.slow


def address(database: str) -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{database}"))


def run(*command: str, database: str, **more: str) -> None:
    environment = {**os.environ, "STRIPE_MIRROR": "ON", "DATABASE_URL": address(database), **more}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_it_is_not_installed_without_a_key() -> None:
    assert not settings.BILLING["STRIPE_SECRET_KEY"]
    assert not apps.is_installed("djstripe")


def test_what_it_does_where_it_is_installed() -> None:
    tests = "tests/stripe_mirror/test_mirror.py"

    run("-m", "pytest", "-q", "-p", "no:cacheprovider", tests, database="mirror")


def test_our_one_migration_makes_the_schema_of_the_packages_own() -> None:
    if os.environ.get("REMAKE"):
        record = {"of": upstream(), "tables": made_by_the_package()}
        RECORD.write_text(json.dumps(record, indent=2) + "\n")
    recorded = json.loads(RECORD.read_text())

    run("-m", "tests.database", database="mirror")

    ours = tables("template_mirror")
    assert recorded["of"] == upstream(), f"REMAKE=1 bin/test {Path(__file__).relative_to(ROOT)}"
    assert len(ours) > 50
    assert ours == recorded["tables"]


def upstream() -> dict[str, str]:
    """Return what decides on the package's schema: its migrations, Django, Postgres."""
    digest = hashlib.sha256()
    for file in sorted((Path(djstripe.__file__).parent / "migrations").glob("*.py")):
        digest.update(f"{file.name}\n".encode() + file.read_bytes())
    return {"migrations": digest.hexdigest(), "django": django.__version__, "postgres": MAJOR}


def made_by_the_package() -> dict[str, str]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute('DROP DATABASE IF EXISTS "mirror_theirs"')
        server.execute('CREATE DATABASE "mirror_theirs"')
    run(
        *("manage.py", "migrate", "djstripe", "--verbosity", "0"),
        database="mirror_theirs",
        DJANGO_SETTINGS_MODULE="tests.stripe_mirror.upstream",
    )
    return tables("mirror_theirs")


def tables(database: str) -> dict[str, str]:
    """Return a digest of the columns, constraints and indexes of each table of the package's."""
    parts: dict[str, list[Any]] = {}
    with psycopg.connect(address(database)) as made:
        for query in (COLUMNS, CONSTRAINTS, INDEXES):
            for table, *rest in made.execute(query).fetchall():
                parts.setdefault(table, []).append(rest)
    return {
        table: hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        for table, rows in sorted(parts.items())
    }
