"""Sixteen writers at once, with duplicates, voids, late events and a changing timeline."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
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


def change_plan(metered: Metered, chance: random.Random) -> None:
    """Move the instant between two segments."""
    at = JUNE + timedelta(minutes=chance.randrange(1, 400))
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
        change = JUNE + timedelta(hours=2, minutes=30)
        metered.subscription.segments.update(end_at=change)
        later = factories.plan_version()
        for meter in metered.meters.values():
            factories.charge(later, meter)
        factories.segment(metered.subscription, later, change)
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
                change_plan(metered, chance)

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
