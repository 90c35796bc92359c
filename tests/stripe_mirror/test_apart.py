"""The mirror is installed only where it is wanted: its tests run in a process that has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.apps import apps
from django.conf import settings

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
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'djstripe_%' ORDER BY 1"

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


def schema(database: str, settings_module: str) -> dict[str, list[Any]]:
    server = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    with server:
        server.execute(f'DROP DATABASE IF EXISTS "{database}"')
        server.execute(f'CREATE DATABASE "{database}"')
    run(
        *("manage.py", "migrate", "djstripe", "--verbosity", "0"),
        database=database,
        DJANGO_SETTINGS_MODULE=settings_module,
    )
    with psycopg.connect(address(database)) as made:
        return {query: made.execute(query).fetchall() for query in (COLUMNS, CONSTRAINTS, INDEXES)}


def test_our_one_migration_makes_the_schema_of_the_packages_own() -> None:
    ours = schema("mirror_ours", "config.settings.test")
    theirs = schema("mirror_theirs", "tests.stripe_mirror.upstream")

    assert len(ours[COLUMNS]) > 500
    for query in (COLUMNS, CONSTRAINTS, INDEXES):
        assert ours[query] == theirs[query]
