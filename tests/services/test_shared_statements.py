"""Statements that many threads run: over one connection where it is free, else over their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DataError, connection, connections, transaction

from billing.kernel.statements import Statement, connection_here

SHARED = Statement("tests_shared", "SELECT pg_backend_pid()::text", shared=True)
OWN = Statement("tests_own", "SELECT pg_backend_pid()::text")
SLEEP = Statement("tests_shared_sleep", "SELECT pg_sleep(1)::text", shared=True)
NUMBER = Statement("tests_shared_number", "SELECT ($1::int)::text", shared=True)
PATIENCE = 10.0

pytestmark = pytest.mark.django_db(transaction=True)


def elsewhere(work: Callable[[], Any]) -> Any:
    """Do it in a thread of its own, which is gone afterwards."""

    def within() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(within).result(PATIENCE)


def test_threads_one_after_the_other_use_one_connection() -> None:
    first = elsewhere(SHARED.rows)

    assert [elsewhere(SHARED.rows), SHARED.rows()] == [first, first]
    assert OWN.rows() != first


def test_it_outlives_the_thread_that_opened_it() -> None:
    """Whoever opens a connection closes those that threads have left behind."""
    ((pid,),) = SHARED.rows()
    end(pid)
    opened = elsewhere(SHARED.rows)
    elsewhere(OWN.rows)

    assert SHARED.rows() == opened


def test_while_it_is_in_use_the_others_take_their_own() -> None:
    ((shared,),) = SHARED.rows()
    with ThreadPoolExecutor(1) as pool:
        sleeper = pool.submit(SLEEP.rows)
        until_busy(shared)
        here = SHARED.rows()
        is_awake = sleeper.done()
        sleeper.result(PATIENCE)

    assert (here, is_awake) == (OWN.rows(), False)
    assert SHARED.rows() == [(shared,)]


def test_within_a_transaction_it_is_part_of_that_one() -> None:
    with transaction.atomic():
        assert SHARED.rows() == OWN.rows()


def test_one_that_the_server_has_closed_is_made_anew() -> None:
    ((before,),) = SHARED.rows()

    end(before)

    assert SHARED.rows() not in ([(before,)], OWN.rows())


def test_an_error_leaves_it_good() -> None:
    before = SHARED.rows()

    with pytest.raises(DataError):
        NUMBER.rows("no number")

    assert SHARED.rows() == before
    assert NUMBER.rows("1") == [("1",)]


def end(pid: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def until_busy(pid: str | None) -> None:
    limit = time.monotonic() + PATIENCE
    state = None
    while state != "active":
        assert time.monotonic() < limit, "nobody uses it"
        with connection.cursor() as cursor:
            cursor.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [pid])
            [state] = cursor.fetchone()


def test_where_an_event_loop_runs_the_connection_is_the_one_that_django_has_there() -> None:
    before = connection_here()

    async def both() -> tuple[Any, Any]:
        return connection_here(), connections["default"]

    found, theirs = asyncio.run(both())

    assert before is connections["default"]
    assert found is theirs
    assert found is not before
