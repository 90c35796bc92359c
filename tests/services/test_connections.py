"""A thread that vanishes leaves no connection behind, whatever becomes of what it held."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection

from config.postgres.base import OPENED, TASKS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not TASKS.is_dir(), reason="needs /proc"),
]


def opened() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw


def in_thread(work: Callable[[], Any]) -> Any:
    """Run it in a thread that ends; what it returns is still held, as by a lost thread."""
    held: list[Any] = []
    thread = threading.Thread(target=lambda: held.append(work()))
    thread.start()
    thread.join()
    return held[0]


def test_the_next_to_open_one_closes_those_of_threads_that_are_gone() -> None:
    mine = opened()
    left = in_thread(opened)
    assert not left.closed

    following = in_thread(opened)

    assert (left.closed, following.closed, mine.closed) == (True, False, False)
    following.close()


def test_a_thread_that_is_alive_keeps_its_own() -> None:
    ready, go_on = threading.Event(), threading.Event()
    held: list[psycopg.Connection[Any]] = []

    def work() -> None:
        held.append(opened())
        ready.set()
        go_on.wait(5)

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(5)
    other = in_thread(opened)
    was_closed = held[0].closed
    go_on.set()
    thread.join()

    assert not was_closed
    held[0].close()
    other.close()


def test_a_forked_child_closes_nothing_of_its_parent() -> None:
    left = in_thread(opened)

    child = os.fork()
    if child == 0:  # no assertion can be seen from here: the exit code says it
        OPENED.note(left)
        os._exit(int(left.closed))
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert left.execute("SELECT 1").fetchone() == (1,)
    left.close()
