"""Everything is killed while usage comes in: what was acknowledged is there once, and counted once.

The system is the one that `bin/up` runs, with its supervisor: nothing is started again by hand.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from launcher import environment, logs, ports, processes, readiness, runstate
from launcher.paths import ROOT, DataFolder
from tests.faults.producers import (
    BASE,
    BATCH,
    METER,
    Producers,
    new_plan,
    quantity_of,
    started,
)

pytestmark = pytest.mark.slow

KILLED = ("web", "postgres", "worker", "valkey", "web", "postgres")
RECOUNT = """
from uuid import UUID
from billing.metering.verify import verify
print(verify(UUID("{}")))
"""


class System:
    """`bin/up` in a folder of its own beside the project: /tmp may be memory."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder, self.port = folder, ports.choose()
        clean = environment.without_settings(os.environ)
        self.environ = {**clean, "BILLING_DATA_DIR": str(folder.root)}
        self.token = ""

    def launch(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "launcher", *arguments],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def up(self) -> None:
        self.launch("up", "--empty", "--detach", "--port", str(self.port))
        asked = ("manage", "token", "--user", str(uuid4()), "--role", "billing_admin")
        self.token = self.launch(*asked).split()[-1]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{BASE}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def kill(self, name: str) -> None:
        """Kill a part with all its processes; return when the supervisor has it back."""
        state = runstate.read(self.folder)
        assert state is not None
        before = state.children[name]
        for pid in family(before.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        back = processes.wait_until(lambda: self.is_back(name, before), seconds=120, pause=0.2)
        assert back, self.said(name)

    def said(self, name: str) -> str:
        """Return what is known of a part that does not come back."""
        asked = readiness.ask(self.port).reason()
        told = [
            f"{part}: {line}"
            for part in ("supervisor", name, "web")
            for line in logs.last_lines(self.folder.log(part), 30)
        ]
        return "\n".join([f"{name} is not back ({asked}).", *told])

    def is_back(self, name: str, before: processes.Identity) -> bool:
        state = runstate.read(self.folder)
        now = state.children.get(name) if state is not None else None
        return now not in (None, before) and readiness.ask(self.port).ready

    def stored(self, tenant: str) -> tuple[list[str], Decimal]:
        """Return the ids of the events, and what the counters sum up to."""
        state = runstate.read(self.folder)
        assert state is not None
        with psycopg.connect(state.facts["addresses"]["migrate_database"]) as connection:
            events = "SELECT event_id FROM billing_usageevent WHERE account_id = %s"
            ids = [row[0] for row in connection.execute(events, [tenant])]
            counters = "SELECT sum(total) FROM billing_usagecounter WHERE account_id = %s"
            row = connection.execute(counters, [tenant]).fetchone()
        assert row is not None
        return ids, row[0]


def family(pid: int) -> list[int]:
    """Return a process and all that came of it."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    children = [int(one) for one in listed.stdout.split()]
    return [pid, *(one for child in children for one in family(child))]


@pytest.fixture
def system() -> Iterator[System]:
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as folder:
        data = DataFolder(Path(folder) / "data")
        data.make()
        made = System(data)
        try:
            made.up()
            yield made
        finally:
            made.launch("up", "--stop")


def subscribed(system: System) -> str:
    """Make a tenant whose bill is the sum of its quantities."""
    tenant = str(system.call("POST", "/tenants", {"name": "No loss"})["id"])
    plan = system.call("POST", "/plans", new_plan())["id"]
    body = {"planId": plan, "startAt": started()}
    system.call("POST", f"/tenants/{tenant}/subscriptions", body)
    return tenant


def all_is_there(system: System, producers: Producers) -> Decimal:
    """Assert that what was acknowledged is stored and counted once; return what it costs."""
    tenant = producers.tenant
    ids, counted = system.stored(tenant)
    kept = set(ids)
    assert producers.unexpected == []
    assert len(ids) == len(kept)
    assert producers.acknowledged - kept == set()
    assert kept - producers.sent == set()
    assert counted == sum(map(quantity_of, kept))
    assert system.launch("manage", "shell", "-v0", "-c", RECOUNT.format(tenant)).strip() == "[]"
    bill = system.call("GET", f"/tenants/{tenant}/billing/preview")
    assert Decimal(bill["total"]) == counted
    current = system.call("GET", f"/realtime-cost/tenants/{tenant}/current")
    assert Decimal(current["usageCost"]) == counted
    return counted


def test_what_was_acknowledged_is_there_once_and_counted_once(system: System) -> None:
    """Of a tenant with a hard quota, whose events go another way, and of one without."""
    free, limited = subscribed(system), subscribed(system)
    quota = {"tenantId": limited, "resourceType": METER, "quotaLimit": "1000000000"}
    system.call("POST", "/quotas", quota)
    sizes = {free: (1, 1, BATCH), limited: (1, BATCH)}
    all_producers = [
        Producers(system.port, system.token, tenant, sizes[tenant]) for tenant in (free, limited)
    ]

    for producers in all_producers:
        producers.start()
    for name in KILLED:
        for producers in all_producers:
            producers.wait_for(300)
        system.kill(name)
    for producers in all_producers:
        producers.wait_for(300)
        producers.stop()

    assert sum(producers.repeated for producers in all_producers) > 0, "nobody was interrupted"
    costs = [all_is_there(system, producers) for producers in all_producers]
    check = f"/quotas/tenants/{limited}/check?resourceType={METER}&requestedAmount=1"
    [used] = system.call("GET", check)["quotas"]
    assert Decimal(used["currentUsage"]) == costs[1]
