"""Sixteen writers at once, with duplicates, voids, late events and a changing timeline."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from billing.kernel.errors import NotFound
from billing.metering.events import AccountBatch
from billing.metering.models import UsageEvent
from billing.metering.rebuild import lock_timeline_exclusive, rebuild
from billing.metering.record import COPY_FROM, record
from billing.metering.verify import verify
from billing.metering.void import void_event
from billing.models import Segment
from tests import factories
from tests.services.metering.conftest import JULY, JUNE, Metered, make_metered

WRITERS = 16
ROUNDS = 6


def with_own_connection(work: Callable[[int], Any]) -> Callable[[int], Any]:
    def run(number: int) -> Any:
        try:
            return work(number)
        finally:
            connection.close()

    return run


def batch_of(metered: Metered, chance: random.Random) -> AccountBatch:
    """Some of 400 ids, at times that end before the subscription, in any hour of ten."""
    kinds = list(metered.meters.values())
    events = []
    for _ in range(chance.choice([1, 5, COPY_FROM + 20])):
        number = chance.randrange(400)
        events.append(
            factories.usage(
                kinds[number % len(kinds)],
                JUNE + timedelta(minutes=15 * (number % 40) - 120),
                str(number),
                event_id=f"e{number}",
                user_id=f"user{number % 7}",
                resource_id=f"r{number % 3}",
            )
        )
    return factories.batch(metered.account, *events)


def split_plan(metered: Metered, at: datetime) -> None:
    """Let another version hold from `at` on, with a charge for each meter."""
    metered.subscription.segments.update(end_at=at)
    later = factories.plan_version()
    for meter in metered.meters.values():
        factories.charge(later, meter)
    factories.segment(metered.subscription, later, at)


def move_change(metered: Metered, at: datetime) -> None:
    """Move the instant between the two segments, as a service would."""
    with transaction.atomic():
        lock_timeline_exclusive(metered.account.id)
        first, second = Segment.objects.filter(account=metered.account).order_by("start_at")
        assert first.end_at is not None
        start = min(first.end_at, at)
        Segment.objects.filter(pk=second.pk).update(start_at=max(first.end_at, at))
        Segment.objects.filter(pk=first.pk).update(end_at=at)
        Segment.objects.filter(pk=second.pk).update(start_at=at)
        rebuild(metered.account.id, start, None)


@pytest.mark.django_db(transaction=True)
def test_counters_equal_events_under_sixteen_writers() -> None:
    first, second = make_metered(), make_metered()
    for metered in (first, second):
        split_plan(metered, JUNE + timedelta(hours=2, minutes=30))
    news: list[int] = []

    @with_own_connection
    def write(number: int) -> None:
        chance = random.Random(number)
        for _ in range(ROUNDS):
            one = batch_of(first, chance)
            other = batch_of(second, chance)
            news.extend(map(sum, record([one, other] if number % 2 else [other, one])))
            metered = chance.choice([first, second])
            if number % 4 == 0:
                try:
                    void_event(
                        account_id=metered.account.id,
                        event_id=f"e{chance.randrange(400)}",
                        now=JULY,
                    )
                except NotFound:
                    continue
            if number % 8 == 1:
                move_change(metered, JUNE + timedelta(minutes=chance.randrange(1, 400)))

    with ThreadPoolExecutor(max_workers=WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))

    assert verify(first.account.id) == []
    assert verify(second.account.id) == []
    assert sum(news) == UsageEvent.objects.count()
    assert UsageEvent.objects.filter(voided_at__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_of_the_same_event_from_many_writers_one_is_recorded() -> None:
    metered = make_metered()

    @with_own_connection
    def write(_: int) -> int:
        event = factories.usage(metered.meters["SUM"], JUNE, "3", event_id="same")
        return sum(metered.record(event))

    with ThreadPoolExecutor(max_workers=WRITERS) as pool:
        outcomes = list(pool.map(write, range(WRITERS)))

    assert sum(outcomes) == 1
    assert metered.total() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [1, COPY_FROM + 1])
def test_a_change_of_plan_waits_for_what_is_being_recorded(size: int) -> None:
    metered = make_metered()
    split_plan(metered, JUNE + timedelta(hours=2, minutes=30))
    at = JUNE + timedelta(hours=2)
    events = [factories.usage(metered.meters["SUM"], at) for _ in range(size)]

    @with_own_connection
    def change_it(_: int) -> None:
        move_change(metered, JUNE + timedelta(minutes=30))

    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            metered.record(*events)
            changing = pool.submit(change_it, 0)
            with pytest.raises(TimeoutError):
                changing.result(timeout=0.5)
        changing.result(timeout=10)

    assert verify(metered.account.id) == []
    assert metered.total() == 0


@pytest.mark.django_db(transaction=True)
def test_what_a_process_has_kept_of_a_timeline_ends_with_its_change() -> None:
    metered = make_metered()
    split_plan(metered, JUNE + timedelta(hours=3))
    at = JUNE + timedelta(hours=2)
    kept = metered.record(factories.usage(metered.meters["SUM"], at, "5"))
    move_change(metered, JUNE + timedelta(hours=1))

    again = metered.record(factories.usage(metered.meters["SUM"], at, "7"))

    assert (kept, again) == ([True], [True])
    assert verify(metered.account.id) == []
    assert metered.total() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("aggregation", ["SUM", "COUNT", "MAX", "LATEST", "UNIQUE"])
def test_few_events_count_as_many_do(aggregation: str) -> None:
    metered = make_metered()
    meter = metered.meters[aggregation]
    for number, quantity in enumerate(["3", "9.5", "9.5", "4"]):
        at = JUNE + timedelta(minutes=number // 2)
        metered.record(factories.usage(meter, at, quantity, user_id=quantity))

    assert verify(metered.account.id) == []
    assert UsageEvent.objects.count() == 4
