"""Statements past the driver: text in and out, errors as Django's, connections that ended."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from billing.kernel.statements import Statement

ECHO = Statement("tests_echo", "SELECT $1::text, $2::text, ($3::int + 1)::text")
SELF = Statement("tests_self", "SELECT pg_backend_pid()::text")
WRITE = Statement("tests_write", "INSERT INTO tests_row VALUES ($1::int) RETURNING n::text")
SLEEP = Statement("tests_sleep", "SELECT pg_sleep(2)::text")

pytestmark = pytest.mark.django_db(transaction=True)


def test_values_go_and_come_as_text() -> None:
    assert ECHO.rows("ü '\"\\ $1 %s", None, "41") == [("ü '\"\\ $1 %s", None, "42")]


def test_within_a_transaction_it_is_part_of_that_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE tests_row (n int PRIMARY KEY)")
    with transaction.atomic():
        assert WRITE.rows("1") == [("1",)]
        transaction.set_rollback(True)

    assert WRITE.rows("1") == [("1",)]
    with pytest.raises(IntegrityError):
        WRITE.rows("1")
    assert WRITE.rows("2") == [("2",)]


def test_statements_that_were_deallocated_are_prepared_again_each_by_itself() -> None:
    """The driver deallocates all after a ROLLBACK or a DROP, with the next of its own."""
    first, second = Statement("tests_a", "SELECT 'a'"), Statement("tests_b", "SELECT 'b'")
    assert first.rows() == [("a",)]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    assert [second.rows(), first.rows(), second.rows()] == [[("b",)], [("a",)], [("b",)]]


def test_an_error_is_djangos_and_leaves_the_connection_good() -> None:
    with pytest.raises(DataError):
        ECHO.rows("a", "b", "no number")

    assert ECHO.rows("a", "b", "1") == [("a", "b", "2")]


def test_statements_that_were_dropped_are_prepared_again() -> None:
    ECHO.rows("a", "b", "1")
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    assert ECHO.rows("a", "b", "1") == [("a", "b", "2")]


def test_a_connection_that_the_server_has_closed_is_made_anew() -> None:
    ((before,),) = SELF.rows()

    def end() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
        connection.close()

    other = Thread(target=end)
    other.start()
    other.join()

    ((after,),) = SELF.rows()

    assert after != before


def test_others_go_on_while_one_waits() -> None:
    seen: list[str] = []

    def wait() -> None:
        SLEEP.rows()
        seen.append("slept")
        connection.close()

    sleeper = Thread(target=wait)
    sleeper.start()
    for _ in range(20):
        ECHO.rows("a", "b", "1")
    seen.append("asked")
    sleeper.join()

    assert seen == ["asked", "slept"]
