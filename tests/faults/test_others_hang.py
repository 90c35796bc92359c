"""Other people's servers hang, or the queue is away: bills and alerts come all the same."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from launcher import environment, processes
from launcher.commands.first_steps import TokenStep
from launcher.paths import ROOT, DataFolder
from launcher.stack import Options, Stack
from tests.faults.producers import BASE, new_plan
from tests.webhooks.receiver import Receiver, receiving

pytestmark = [pytest.mark.slow, pytest.mark.one_system]

MAILS: Final = 12


class System(Stack):
    """The whole system, with a mail server that takes connections and never says a word."""

    token: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}{BASE}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def tenant(self) -> str:
        made = self.call("POST", "/tenants", {"name": "Acme", "billingEmail": "ap@acme.example"})
        return str(made["id"])

    def subscribe(self, tenant: str, *, days_ago: int = 0) -> None:
        body: dict[str, Any] = {"planId": self.call("POST", "/plans", plan())["id"]}
        if days_ago:
            start = datetime.now(UTC) - timedelta(days=days_ago)  # noqa: TID251
            body["startAt"] = start.isoformat()
        self.call("POST", f"/tenants/{tenant}/subscriptions", body)

    def hook(self, tenant: str, url: str) -> None:
        body = {"url": url, "eventTypes": ["subscription.*", "invoice.*"]}
        self.call("POST", f"/tenants/{tenant}/webhooks", body)

    def is_billed(self, tenant: str) -> bool:
        rows = self.call("GET", f"/tenants/{tenant}/invoices")["data"]
        return any(row["finalizedAt"] for row in rows)


def plan() -> dict[str, Any]:
    return {**new_plan(), "code": f"hang-{uuid4().hex}", "price": "10.00"}


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    clean = environment.without_settings(os.environ)
    with (
        tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as folder,
        socket.create_server(("127.0.0.1", 0), backlog=64) as silent,
    ):
        extra = {
            "BILLING_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "BILLING_RATE_LIMITS_FAIL_OPEN": "1",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(silent.getsockname()[1]),
            "EMAIL_SECURITY": "NONE",
        }
        options = Options(environ=clean, extra=extra, durable=False)
        made = System(DataFolder(Path(folder) / "data"), options)
        with made:
            made.token = TokenStep(made).finish()
            yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made
        made.ended.set()


def within(seconds: float, condition: Callable[[], bool]) -> float:
    """Return after how many seconds it was so."""
    began = time.monotonic()
    assert processes.wait_until(condition, seconds=seconds, pause=0.2)
    return time.monotonic() - began


def test_what_was_due_while_valkey_was_away_goes_out_when_it_is_back(
    system: System, receiver: Receiver
) -> None:
    tenant = system.tenant()
    system.hook(tenant, receiver.url)
    valkey = system.children["valkey"]
    valkey.process.kill()
    valkey.process.wait(30)

    system.subscribe(tenant)
    time.sleep(7)  # longer than between two beats
    assert receiver.kinds == []
    system.run(valkey.program)

    within(90, lambda: "subscription.created" in receiver.kinds)
    assert receiver.kinds.count("subscription.created") == 1


def test_servers_that_hang_hold_up_neither_bills_nor_alerts(
    system: System, receiver: Receiver
) -> None:
    receiver.seconds = 60.0
    late = [system.tenant() for _ in range(MAILS)]
    for tenant in late:
        for number in range(3):
            system.hook(tenant, f"{receiver.url}/{number}")
        system.subscribe(tenant, days_ago=40)
    within(90, lambda: all(map(system.is_billed, late)))  # their mails and messages hang now

    one, watched = system.tenant(), system.tenant()
    system.subscribe(watched)
    alert = {"thresholdType": "ABSOLUTE", "thresholdAmount": "100.00", "notifyEmail": False}
    path = f"/realtime-cost/tenants/{watched}/alerts"
    system.call("POST", path, alert)
    system.subscribe(one, days_ago=40)
    usage = {"metricType": "API_CALLS", "quantity": 1_000_000}
    system.call("POST", f"/tenants/{watched}/usage", usage)
    within(15, lambda: bool(system.call("GET", f"{path}?status=TRIGGERED")["data"]))
    within(60, lambda: system.is_billed(one))

    assert len(receiver.received) > 0
