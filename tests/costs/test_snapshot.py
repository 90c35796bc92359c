"""While events come in, one answer is of one moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from billing.kernel.money import Money
from billing.metering.record import record
from billing.models import Account, Meter
from costs.charting import timeline
from costs.current import current_costs
from costs.intervals import Granularity
from costs.snapshot import snapshot
from costs.splitting import GroupBy, split
from tests import factories

START = datetime(2025, 4, 1, tzinfo=UTC)
NOW = datetime(2025, 4, 2, tzinfo=UTC)


@contextmanager
def written(account: Account, meter: Meter) -> Iterator[None]:
    """Have two writers record events for as long as the block runs."""
    enough = threading.Event()

    def write() -> None:
        number = 0
        while not enough.is_set():
            number += 1
            names = [f"r{number % 7}", "", f"r{number % 3}"]
            events = [factories.usage(meter, START, "100", resource_id=name) for name in names]
            record([factories.batch(account, *events)])
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        yield
    finally:
        enough.set()
        for writer in writers:
            writer.join()


@pytest.mark.django_db(transaction=True)
def test_the_parts_of_an_answer_agree_while_events_come_in() -> None:
    account = factories.account()
    meter = factories.meter()
    version = factories.plan_version()
    factories.charge(version, meter)
    subscription = factories.subscription(account, version, START)
    factories.period(subscription, START, START + timedelta(days=30))
    seen = set()
    with written(account, meter):
        for _ in range(12):
            with snapshot():
                costs = current_costs(account, now=NOW).costs
                found = split(costs, GroupBy.RESOURCE)
                points = timeline(
                    costs, start=None, end=None, granularity=Granularity.HOUR, now=NOW
                ).points
            parts = [group.cost for group in found.groups]
            assert Money.total([*parts, found.unattributed], "USD") == costs.usage
            assert points[-1].cumulative == costs.usage
            seen.add(costs.usage.minor)
    assert len(seen) > 1, "nothing was written meanwhile"
