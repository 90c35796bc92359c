"""Statements straight through libpq: kept, replaced where lost, and failing as any other does."""

from __future__ import annotations

import pytest
from django.db import DataError, OperationalError, connection

from billing.metering.direct import first_value
from billing.metering.models import UsageEvent
from billing.metering.record import record
from billing.metering.store import raw_connection
from tests import factories
from tests.services.metering.conftest import JUNE, make_metered

pytestmark = pytest.mark.django_db(transaction=True)

TWICE = b"SELECT $1::int * 2"


def twice(text: bytes) -> bytes | None:
    with raw_connection() as raw:
        return first_value(raw, b"test_twice", TWICE, [text])


def test_a_statement_is_planned_once() -> None:
    with connection.cursor() as cursor:
        assert [twice(b"4"), twice(b"-5")] == [b"8", b"-10"]
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements "
            "WHERE name = 'test_twice'"
        )

        assert cursor.fetchall() == [(2,)]


def test_a_plan_that_the_server_has_lost_is_made_anew() -> None:
    twice(b"1")
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    assert twice(b"21") == b"42"


def test_a_new_connection_has_its_own_plans() -> None:
    twice(b"1")
    connection.close()

    assert twice(b"21") == b"42"


def test_errors_are_those_that_any_statement_raises() -> None:
    with pytest.raises(DataError, match="invalid input syntax"):
        twice(b"x")

    assert twice(b"3") == b"6"


def test_a_connection_that_is_gone_is_an_operational_error() -> None:
    twice(b"1")
    with raw_connection() as raw:
        raw.pgconn.finish()

    with pytest.raises(OperationalError):
        twice(b"1")
    connection.close()


def test_an_event_that_is_there_is_found_by_its_key() -> None:
    metered = make_metered()
    event = factories.usage(metered.meters["SUM"], JUNE, event_id="same")
    batch = factories.batch(metered.account, event)

    assert [record([batch]), record([batch])] == [[[True]], [[False]]]
    assert UsageEvent.objects.count() == 1
    assert metered.total() == 1
