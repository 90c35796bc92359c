"""Group commit: many requests, few transactions, each its own answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, connection

from billing.kernel import joint
from billing.kernel.errors import ServiceUnavailable
from billing.metering.models import UsageEvent
from billing.metering.verify import verify
from tenants.metering import committer as module
from tenants.metering.committer import Committer
from tests import factories
from tests.services.metering.conftest import JUNE, make_metered

AT = JUNE + timedelta(days=1)
pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(count: int, work: Any) -> list[Any]:
    def run(number: int) -> Any:
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001
            return type(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(run, range(count)))


def test_everyone_is_answered_after_the_commit() -> None:
    first, second = make_metered(), make_metered()
    committer = Committer()

    def send(number: int) -> bool:
        metered = (first, second)[number % 2]
        event = factories.usage(metered.meters["SUM"], AT, event_id=f"e{number % 20}")
        (is_new,) = committer.record(factories.batch(metered.account, event))
        assert UsageEvent.objects.filter(event_id=f"e{number % 20}").exists()
        return is_new

    outcomes = in_threads(40, send)

    assert sum(outcomes) == 20
    assert verify(first.account.id) == []
    assert verify(second.account.id) == []


def test_one_that_fails_fails_alone() -> None:
    metered = make_metered()
    committer = Committer()
    gate = threading.Barrier(8)

    def send(number: int) -> Any:
        event = factories.usage(metered.meters["SUM"], AT)
        event.metadata_json = "{" if number == 3 else None
        gate.wait()
        return committer.record(factories.batch(metered.account, event))

    outcomes = in_threads(8, send)

    assert outcomes == [[True]] * 3 + [DataError] + [[True]] * 4
    assert metered.total() == 7


def test_who_comes_to_a_full_queue_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    metered = make_metered()
    monkeypatch.setattr(joint, "LIMIT_WAITING", 0)

    with pytest.raises(ServiceUnavailable):
        Committer().record(
            factories.batch(metered.account, factories.usage(metered.meters["SUM"], AT))
        )

    assert not UsageEvent.objects.exists()


def test_a_connection_that_died_is_replaced() -> None:
    metered = make_metered()
    committer = Committer()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]

    def kill(_: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

    in_threads(1, kill)
    event = factories.usage(metered.meters["SUM"], AT)

    assert committer.record(factories.batch(metered.account, event)) == [True]
    assert metered.total() == 1


def test_who_waits_too_long_is_told_so_and_the_next_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metered = make_metered()
    committer = Committer()
    monkeypatch.setattr(joint, "ANSWER_SECONDS", 0.2)
    busy, go_on = threading.Event(), threading.Event()

    def slow(batches: Any) -> list[list[bool]]:
        busy.set()
        go_on.wait(5)
        return [[True] for _ in batches]

    def send(number: int) -> Any:
        if number:
            busy.wait(5)
        return committer.record(
            factories.batch(metered.account, factories.usage(metered.meters["SUM"], AT))
        )

    with monkeypatch.context() as patched:
        patched.setattr(module, "record", slow)
        timer = threading.Timer(1.0, go_on.set)
        timer.start()
        outcomes = in_threads(3, send)
        timer.join()

    assert outcomes == [[True], ServiceUnavailable, ServiceUnavailable]
    assert send(0) == [True]
