"""The demo's usage: the hour of a real trace, thinned, in each hour until now.

What an hour looks like is real; how many requests each hour of a day has is made up.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from billing.metering.events import AccountBatch, MeterTraits, NewEvent
from billing.metering.record import record
from billing.models import Meter
from demo.customers import DemoCustomer
from demo.plans import INPUT, OUTPUT, REQUESTS

DATA: Final = Path(__file__).parent / "data"
BY_HOUR: Final = (2, 1, 1, 1, 1, 2, 3, 5, 9, 12, 13, 12, 9, 11, 13, 12, 10, 8, 6, 5, 5, 4, 3, 2)
"""How busy each hour of a day in UTC is, beside an hour of rest."""
WEEKEND_PERCENT: Final = 35
GROWTH_PERCENT: Final = (70, 115)
"""How busy the first hour and the last one are."""
STRIDE: Final = 7919
"""By how many requests each hour begins later in the trace: a prime, so that all come up."""
HOUR: Final = timedelta(hours=1)
BATCH: Final = 9000


class Request(NamedTuple):
    """A request of the trace: how far into its hour, and its tokens."""

    after: timedelta
    tokens_in: int
    tokens_out: int


def read_trace(name: str) -> list[Request]:
    """Read a trace, its times as distances from its first request, all within an hour."""
    path = DATA / f"azure_llm_inference_2023_{name}.csv.gz"
    with gzip.open(path, mode="rt", newline="") as file:
        rows = [
            (datetime.fromisoformat(row["TIMESTAMP"][:26]).replace(tzinfo=UTC), row)
            for row in csv.DictReader(file)
        ]
    first = rows[0][0]
    return [
        Request(at - first, int(row["ContextTokens"]), int(row["GeneratedTokens"]))
        for at, row in rows
        if at - first < HOUR
    ]


def record_usage(
    account_id: UUID, customer: DemoCustomer, *, start: datetime, now: datetime
) -> int:
    """Record an account's usage on [start, now) in batches; return how many events were new.

    Ids are made of the hour and the place in it: recording again changes nothing.
    """
    meters = {
        meter.metric_type: MeterTraits.of(meter)
        for meter in Meter.objects.filter(metric_type__in=(INPUT, OUTPUT, REQUESTS))
    }
    recorded = 0
    batch: list[NewEvent] = []
    for event in _events(customer, meters, start=start, now=now):
        batch.append(event)
        if len(batch) == BATCH:
            recorded += _record(account_id, batch, now=now)
            batch = []
    return recorded + (_record(account_id, batch, now=now) if batch else 0)


def _record(account_id: UUID, events: list[NewEvent], *, now: datetime) -> int:
    outcomes = record([AccountBatch(account_id=account_id, events=events, recorded_at=now)])
    return sum(outcomes[0])


def _events(
    customer: DemoCustomer, meters: dict[str, MeterTraits], *, start: datetime, now: datetime
) -> Iterator[NewEvent]:
    trace = read_trace(customer.trace)
    hour = start.replace(minute=0, second=0, microsecond=0)
    total = max(1, int((now - hour) / HOUR))
    for index in range(total + 1):
        for place, request in enumerate(_requests(trace, customer, hour, index, total)):
            at = hour + request.after
            if start <= at < now:
                yield from _as_events(customer, meters, request, at, f"{hour:%Y%m%d%H}-{place:03}")
        hour += HOUR


def _requests(
    trace: list[Request], customer: DemoCustomer, hour: datetime, index: int, total: int
) -> list[Request]:
    first, last = GROWTH_PERCENT
    percent = first + (last - first) * index // total
    if hour.weekday() >= 5:
        percent = percent * WEEKEND_PERCENT // 100
    wanted = customer.load * BY_HOUR[hour.hour] * percent // 100
    step = len(trace) // max(wanted, 1)
    offset = index * STRIDE
    chosen = [trace[(offset + n * step) % len(trace)] for n in range(wanted)]
    return sorted(chosen, key=lambda request: request.after)


def _as_events(
    customer: DemoCustomer,
    meters: dict[str, MeterTraits],
    request: Request,
    at: datetime,
    name: str,
) -> Iterator[NewEvent]:
    for suffix, metric_type, quantity in (
        ("in", INPUT, request.tokens_in),
        ("out", OUTPUT, request.tokens_out),
        ("request", REQUESTS, 1),
    ):
        yield NewEvent(
            event_id=f"{name}-{suffix}",
            meter=meters[metric_type],
            quantity=quantity,
            quantity_text=str(quantity),
            occurred_at=at,
            resource_type="service",
            resource_id=customer.service,
        )
