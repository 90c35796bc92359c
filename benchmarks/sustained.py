"""Ten million events in batches: does the last part go in as fast as the first?

`bin/bench sustained [--events N] [--save FILE]`. Rates are shown for each tenth. Beside them stands
the processor time of web and Postgres for an event, which says the same where the machine has other
work too.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from benchmarks.system import BASE, System, running

EVENTS = 10_000_000
BATCH = 5_000
CONNECTIONS = 4
PARTS = 10
WARMING = 20
DAYS = 10
TARGET = 0.8
TICKS = os.sysconf("SC_CLK_TCK")


def bodies(count: int) -> list[str]:
    """Make batches of a minute each: ids (`%ID%` and a number) and minute are to be filled in."""
    chance = random.Random(7)
    made = []
    for _ in range(count):
        events = [
            {
                "metricType": chance.choice(["API_CALLS", "ML_INFERENCE_REQUESTS"]),
                "quantity": str(chance.randrange(1, 9000)),
                "eventId": f"%ID%{number:04x}-4f3b-9c1d-0123456789ab",
                "timestamp": f"%MINUTE%:{60 * number / BATCH:06.3f}Z",
                "resourceId": f"deployment-{chance.randrange(6)}",
                "metadata": {"model": "gpt-4", "tokens": chance.randrange(4000)},
            }
            for number in range(BATCH)
        ]
        made.append(json.dumps(events))
    return made


class Senders:
    """Connections that send so many batches; each id is random in its beginning, as UUIDs are.

    The events come as they happened, over ten days; scattered, each batch is of any minute of them.
    """

    def __init__(self, system: System, tenant: str, *, batches: int, is_scattered: bool) -> None:
        self.system = system
        self.path = f"{BASE}/tenants/{tenant}/usage/batch"
        self.bodies = bodies(20)
        self.start = datetime.now(UTC) - timedelta(days=DAYS)  # noqa: TID251
        self.batches, self.is_scattered = batches, is_scattered
        self.left = self.begun = 0
        self.mutex = threading.Lock()

    def take(self) -> str | None:
        """Return the minute of the next batch; None if there is none."""
        with self.mutex:
            if not self.left:
                return None
            self.left -= 1
            self.begun += 1
            nth = random.randrange(self.batches) if self.is_scattered else self.begun
        minute = self.start + timedelta(days=DAYS) * min(1, nth / self.batches)
        return f"{minute:%Y-%m-%dT%H:%M}"

    def work(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.system.port, timeout=120)
        while (minute := self.take()) is not None:
            body = random.choice(self.bodies).replace("%ID%", f"{uuid4().hex[:12]}-")
            body = body.replace("%MINUTE%", minute)
            connection.request("POST", self.path, body.encode(), self.system.headers())
            response = connection.getresponse()
            content = response.read()
            if response.status != 201:
                sys.exit(f"{response.status} {content[:500]!r}")

    def send(self, batches: int) -> float:
        """Send them; return the seconds that it took."""
        self.left = batches
        threads = [threading.Thread(target=self.work) for _ in range(CONNECTIONS)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - started


def processor_meter(system: System) -> Callable[[], float]:
    """Return a clock of the processor seconds of our web processes and of Postgres."""
    with system.connect() as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        postmaster = _stat(row[0])[1]

    def seconds() -> float:
        total = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                pid, parent, ticks, waited = _stat(int(folder.name))
            except (OSError, ValueError, IndexError):
                continue
            if postmaster in (pid, parent):
                total += ticks + (waited if pid == postmaster else 0)
            elif parent == os.getpid() or _parent(parent) == os.getpid():
                total += ticks
        return total / TICKS

    return seconds


def volume(system: System) -> tuple[int, int]:
    """Return the bytes of the events with their indexes, and of all that was ever logged."""
    with system.connect() as connection:
        row = connection.execute(
            "SELECT pg_total_relation_size('billing_usageevent')::bigint, "
            "pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def _stat(pid: int) -> tuple[int, int, int, int]:
    """Return a process's number, its parent's, its own ticks and those of children that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return pid, int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


def _parent(pid: int) -> int:
    try:
        return _stat(pid)[1]
    except OSError:
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench sustained")
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--save", default="", help="a CSV file for the figures")
    parser.add_argument("--scattered", action="store_true", help="batches of any of the minutes")
    given = parser.parse_args()
    part = max(1, given.events // PARTS // BATCH)
    with running() as system:
        batches = PARTS * part + WARMING
        senders = Senders(system, system.tenant(), batches=batches, is_scattered=given.scattered)
        senders.send(WARMING)
        before = volume(system)
        found = list(measured(system, senders, part))
        grown = [now - then for now, then in zip(volume(system), before, strict=True)]
    disk, log = (bytes_ / (PARTS * part * BATCH) for bytes_ in grown)
    print(f"an event: {disk:.0f} bytes on disk with its indexes, {log:.0f} of log")
    ratio = found[-1][0] / found[0][0]
    print(f"sustained: the last part at {ratio:.2f} of the first (at least {TARGET})")
    print(f"by processor time: {found[0][1] / found[-1][1]:.2f}")
    if given.save:
        lines = ["events,per_second,microseconds"]
        for number, (rate, cost) in enumerate(found, start=1):
            lines.append(f"{number * part * BATCH},{rate:.0f},{cost:.1f}")
        Path(given.save).write_text("\n".join(lines) + "\n")


def measured(system: System, senders: Senders, part: int) -> Iterator[tuple[float, float]]:
    """Send the parts one after the other; yield each one's events a second, microseconds each."""
    processor = processor_meter(system)
    for number in range(1, PARTS + 1):
        before = processor()
        rate = part * BATCH / senders.send(part)
        cost = (processor() - before) / (part * BATCH) * 1e6
        print(
            f"{number * part * BATCH:>12,} events: {rate:>8,.0f}/s, {cost:.1f} us of web and "
            f"Postgres for an event, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        yield rate, cost


if __name__ == "__main__":
    main()
