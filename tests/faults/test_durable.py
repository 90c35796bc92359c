"""Postgres killed at the moment after an answer: what was answered is there when it comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from launcher import environment, server_start
from launcher.console import Console
from launcher.paths import ROOT, DataFolder
from launcher.stack import Options, Stack
from tests.faults.recording import MANY

pytestmark = [pytest.mark.slow, pytest.mark.one_system]

ATTEMPTS = 200
ANSWER_SECONDS = 120.0
COUNTED = """
SELECT (SELECT count(*) FROM billing_usageevent WHERE account_id = %(account)s),
       (SELECT coalesce(sum(events), 0)::int FROM billing_usagecounter
        WHERE account_id = %(account)s)
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Databases that flush as in production, beside the project: /tmp may be memory."""
    clean = environment.without_settings(os.environ)

    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as folder:
        made = Stack(DataFolder(Path(folder)), Options(parts=frozenset(), environ=clean))
        try:
            made.start_databases()
            made.migrate()
            yield made
        finally:
            made.stop()


def stop_the_writer(stack: Stack) -> None:
    """Have nobody flush but who commits: else the log's writer may do it in time by luck.

    It is stopped where it sleeps: elsewhere it may hold a lock that whoever flushes waits for.
    """
    found = "SELECT pid, wait_event FROM pg_stat_activity WHERE backend_type = 'walwriter'"
    with psycopg.connect(stack.superuser_url, autocommit=True) as connection:
        for _ in range(ATTEMPTS):
            row = connection.execute(found).fetchone()
            assert row is not None
            os.kill(row[0], signal.SIGSTOP)
            if connection.execute(found).fetchone() == (row[0], "WalWriterMain"):
                return
            os.kill(row[0], signal.SIGCONT)
            time.sleep(0.05)
    raise AssertionError("the log's writer never sleeps")


def kill_postgres(stack: Stack) -> None:
    """Kill the server and all its children: its memory is gone, the disk is as it was."""
    leader = stack.pids["postgres"]
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(leader)], capture_output=True, text=True, check=True
    )
    for pid in [leader, *map(int, listed.stdout.split())]:
        os.kill(pid, signal.SIGKILL)
    stack.children["postgres"].process.wait(10)


def recorded(stack: Stack, way: str) -> tuple[int, int]:
    """Record in a way, kill Postgres, start it again; return how many are stored and counted."""
    stop_the_writer(stack)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.recording", way],
        cwd=ROOT,
        env={**stack.environment(), "LOG_LEVEL": "ERROR"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        too_late = threading.Timer(ANSWER_SECONDS, process.kill)
        too_late.start()
        account = process.stdout.readline().strip()
        too_late.cancel()
        kill_postgres(stack)
        process.kill()
    assert account, f"nothing was recorded within {ANSWER_SECONDS} s"
    server_start.start_postgres(stack.databases, stack.folder, stack.run, Console.silent())
    with psycopg.connect(stack.superuser_url) as connection:
        row = connection.execute(COUNTED, {"account": account}).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.parametrize(
    ("way", "count"), [("one", 1), ("batch", MANY), ("repeats", MANY), ("looked_up", MANY)]
)
def test_what_was_answered_survives_postgres(stack: Stack, way: str, count: int) -> None:
    assert recorded(stack, way) == (count, count)


def test_what_nobody_was_told_of_may_be_lost_as_a_whole(stack: Stack) -> None:
    """That this loses events is what lets the others fail."""
    assert recorded(stack, "unflushed") == (0, 0)
