"""A timeline that changes under events that were counted: what was counted is counted anew."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.metering import rebuild as module
from billing.metering.read import counters_of
from billing.metering.rebuild import rebuild
from billing.metering.verify import verify
from billing.metering.void import void_event
from tests import factories
from tests.services.metering.conftest import JULY, JUNE, Metered

AT = JUNE + timedelta(days=3, minutes=30)


def test_usage_before_a_subscription_becomes_its_own(metered: Metered) -> None:
    early = JUNE - timedelta(days=2)
    for kind, meter in metered.meters.items():
        metered.record(factories.usage(meter, early, "4", user_id=kind))
    may = factories.period(metered.subscription, JUNE - timedelta(days=31), JUNE)
    metered.subscription.segments.update(start_at=may.start_at)

    rebuild(metered.account.id, may.start_at, may.end_at)

    assert verify(metered.account.id) == []
    assert metered.counter("SUM", may.id).total == 4
    assert metered.counter("UNIQUE", may.id).distinct_values == 1


def test_a_change_of_plan_moves_what_came_after_it(metered: Metered) -> None:
    for kind, meter in metered.meters.items():
        for minutes in (-31, -1, 0, 1, 90):
            at = AT + timedelta(minutes=minutes)
            metered.record(factories.usage(meter, at, "2", user_id=f"{kind}{minutes % 2}"))
    metered.record(factories.usage(metered.meters["SUM"], AT, "50", event_id="voided"))
    void_event(account_id=metered.account.id, event_id="voided", now=JULY)
    later = factories.plan_version()
    charge = factories.charge(later, metered.meters["SUM"])
    metered.subscription.segments.update(end_at=AT)
    factories.segment(metered.subscription, later, AT)

    rebuild(metered.account.id, AT, None)

    assert verify(metered.account.id) == []
    assert metered.total() == 4
    assert counters_of([metered.period.id])[metered.period.id, charge.id].total == 6
    assert metered.counter("UNIQUE").distinct_values == 1


def test_a_counter_that_was_right_keeps_its_version(metered: Metered) -> None:
    metered.record(factories.usage(metered.meters["SUM"], AT))
    before = metered.counter("SUM")

    rebuild(metered.account.id, JUNE, JULY)

    assert metered.counter("SUM") == before
    assert verify(metered.account.id) == []


def test_without_events_it_is_a_lock_and_one_look(metered: Metered) -> None:
    metered.record(factories.usage(metered.meters["SUM"], AT))

    with CaptureQueriesContext(connection) as queries:
        rebuild(metered.account.id, JULY, None)

    asked = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(asked) == 3, asked


def test_more_events_than_a_chunk_are_counted(metered: Metered, monkeypatch: object) -> None:
    monkeypatch.setattr(module, "CHUNKS_PER_TALLY", 1)  # type: ignore[attr-defined]
    monkeypatch.setattr("billing.metering.stored.CHUNK", 7)  # type: ignore[attr-defined]
    metered.record(*[factories.usage(metered.meters["SUM"], AT) for _ in range(40)])
    metered.record(*[factories.usage(metered.meters["MAX"], AT, str(n)) for n in range(40)])
    metered.subscription.segments.update(end_at=AT)

    rebuild(metered.account.id, JUNE, JULY)

    assert verify(metered.account.id) == []
    assert metered.total() == 0


def test_verify_names_a_counter_that_is_wrong(metered: Metered) -> None:
    metered.record(factories.usage(metered.meters["SUM"], AT))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE billing_usagecounter SET total = total + 1")

    (difference,) = verify(metered.account.id)

    assert difference.startswith("counter ")
