"""A killed Postgres leaves a child that hangs on to its memory: another starts all the same."""

import os
import signal
import time
from contextlib import contextmanager

import psycopg
import pytest

from launcher import processes, supervisor
from launcher.console import Console
from launcher.processes import Identity
from launcher.stack import Options, Stack


@contextmanager
def databases_in(folder, environ):
    """Run Postgres and Valkey, without a table."""
    stack = Stack(folder, Options(durable=False, parts=frozenset(), environ=environ))
    stack.start_databases()
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stack(folder, clean):
    with databases_in(folder, clean) as made:
        yield made


@pytest.fixture
def hanging(stack):
    """A server process that heeds nothing, as one that waits for a dead sibling's lock."""
    connection = psycopg.connect(stack.superuser_url, autocommit=True)
    child = Identity.of(connection.info.backend_pid)
    assert child is not None
    child.signal(signal.SIGSTOP)
    yield child
    connection.close()


def answers(stack: Stack) -> bool:
    try:
        psycopg.connect(stack.superuser_url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_supervisor_starts_another_though_a_child_hangs(stack, hanging):
    child = stack.children["postgres"]

    os.kill(child.process.pid, signal.SIGKILL)
    began = time.monotonic()
    while not (child.retry_at is None and answers(stack)):
        assert time.monotonic() - began < 20, "no other has started"
        supervisor.look_after(stack, child, Console.silent())
        time.sleep(0.1)

    assert not hanging.runs()


def test_the_next_start_ends_a_child_that_hangs(stack, hanging, folder, clean):
    first = stack.children.pop("postgres")
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    stack.stop()
    assert hanging.runs(), "nothing was left to be ended"

    with databases_in(folder, clean) as second:
        assert answers(second)

    assert not hanging.runs()


def test_what_runs_elsewhere_or_by_another_name_is_left_alone(tmp_path):
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    waiting = {"sleep": ["sleep", "30"], "tail": ["tail", "-f", "/dev/null"]}
    places = [("sleep", here), ("sleep", elsewhere), ("tail", here)]
    started = [
        processes.spawn(
            processes.Program(name, waiting[name], dict(os.environ), tmp_path / "log"), cwd=folder
        )
        for name, folder in places
    ]
    try:
        processes.kill_in(here, "sleep")

        assert started[0].wait(5) == -signal.SIGKILL
        assert [one.poll() for one in started[1:]] == [None, None]
    finally:
        for one in started:
            one.kill()
            one.wait()
