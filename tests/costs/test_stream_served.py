"""The stream over a real server: news, resumption, bounds, readers that don't read, the end."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.request import Request, urlopen

import pytest

from billing.metering.record import record
from billing.models import Account, Meter
from tests import factories
from tests.client import token
from tests.costs.server import Listener, served
from tests.faults.test_server import SECRETS

HEADERS = {"Accept": "text/event-stream"}


def scene() -> tuple[Account, Meter]:
    """Make an account in a period that is open now, in real time."""
    account = factories.account()
    meter = factories.meter()
    version = factories.plan_version()
    factories.charge(version, meter, unit_price=Decimal("0.01"))
    start = datetime.now(UTC) - timedelta(days=3)  # noqa: TID251 — the server's own time
    subscription = factories.subscription(account, version, start)
    factories.period(subscription, start, start + timedelta(days=30))
    return account, meter


def use(account: Account, meter: Meter, quantity: str) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)  # noqa: TID251
    record([factories.batch(account, factories.usage(meter, at, quantity))])


@dataclass
class Served:
    """A process that serves, and an account that it may be asked about."""

    port: int
    process: subprocess.Popen[bytes]
    account: Account
    meter: Meter
    opened: list[Listener] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/api/v1/billing/realtime-cost/tenants/{self.account.id}"

    def headers(self) -> dict[str, str]:
        return {
            **HEADERS,
            "Authorization": f"Bearer {token('billing_admin', secret=SECRETS['JWT_SECRET'])}",
        }

    def listen(self, **headers: str) -> Listener:
        made = Listener(self.port, f"{self.path}/stream", {**self.headers(), **headers})
        self.opened.append(made)
        return made

    def request(self, what: str) -> Request:
        return Request(f"http://127.0.0.1:{self.port}{self.path}/{what}", headers=self.headers())


def usage_of(event: Any) -> str:
    return str(json.loads(event["data"])["usageCost"])


@pytest.fixture
def world() -> Iterator[Served]:
    account, meter = scene()
    bounds = {"BILLING_STREAMS": "4", "BILLING_STREAMS_PER_TENANT": "3"}
    with served(**bounds) as (port, process):
        served_to = Served(port, process, account, meter)
        yield served_to
        for one in served_to.opened:
            one.close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_news_resumption_bounds_and_a_reader_that_never_reads(world: Served) -> None:
    first = world.listen()
    assert first.head[0] == 200
    assert first.head[1]["content-type"].startswith("text/event-stream")
    assert usage_of(first.event()) == "0.00"
    use(world.account, world.meter, "700")
    began = time.monotonic()
    news = first.event()
    assert usage_of(news) == "7.00"
    assert time.monotonic() - began < 10
    second = world.listen(**{"Last-Event-ID": news["id"]})
    assert second.head[0] == 200
    never_reads = world.listen()
    time.sleep(2)
    assert (world.listen().head[0], world.listen().head[1]["retry-after"]) == (429, "5")
    use(world.account, world.meter, "100")
    assert [usage_of(one.event()) for one in (first, second)] == ["8.00", "8.00"]
    with urlopen(world.request("current"), timeout=20) as answer:
        assert json.load(answer)["usageCost"] == "8.00"
    first.close()  # its place comes back once the server has noticed
    began = time.monotonic()
    while (again := world.listen().head[0]) == 429 and time.monotonic() - began < 20:
        time.sleep(0.5)
    assert again == 200
    never_reads.close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_streams_end_when_the_process_is_told_to(world: Served) -> None:
    stream = world.listen()
    stream.event()

    world.process.send_signal(signal.SIGTERM)

    began = time.monotonic()
    assert b"closing" in b"".join(stream.rest())
    world.process.wait(timeout=20)
    assert time.monotonic() - began < 15
