"""Batches over HTTP against a bare COPY of the same rows: `bin/bench ingest`.

Batches are durable, deduplicated and counted. The reference is one COPY, of the rows that the
batches have left, into a table with the same columns and the same indexes, on the same server.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from uuid import uuid4

from benchmarks.system import BASE, System, running

EVENTS = 300_000
BATCH = 5_000
CONNECTIONS = 4
ROUNDS = 3
TARGET = 0.5


def bodies(count: int) -> list[bytes]:
    """Make batches as a producer would send them: some hours of requests to six resources."""
    chance = random.Random(7)
    moment = datetime.now(UTC) - timedelta(hours=8)  # noqa: TID251
    made = []
    for _ in range(count // BATCH):
        events = []
        for _ in range(BATCH):
            moment += timedelta(microseconds=chance.randrange(100_000))
            events.append(
                {
                    "metricType": chance.choice(["API_CALLS", "ML_INFERENCE_REQUESTS"]),
                    "quantity": str(chance.randrange(1, 9000)),
                    "eventId": str(uuid4()),
                    "timestamp": moment.isoformat(),
                    "resourceId": f"deployment-{chance.randrange(6)}",
                    "metadata": {"model": "gpt-4", "tokens": chance.randrange(4000)},
                }
            )
        made.append(json.dumps(events).encode())
    return made


def send(system: System, path: str, work: SimpleQueue[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=120)
    while True:
        try:
            body = work.get_nowait()
        except Empty:
            return
        connection.request("POST", path, body, system.headers())
        response = connection.getresponse()
        content = response.read()
        if response.status != 201:
            sys.exit(f"{response.status} {content[:500]!r}")


def over_http(system: System, tenant: str, batches: list[bytes]) -> float:
    """Send the batches; return the seconds that it took."""
    work: SimpleQueue[bytes] = SimpleQueue()
    for body in batches:
        work.put(body)
    path = f"{BASE}/tenants/{tenant}/usage/batch"
    threads = [threading.Thread(target=send, args=(system, path, work)) for _ in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def by_copy(system: System, tenant: str) -> float:
    """COPY the tenant's rows into a bare table; return the seconds that it took."""
    with system.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS bench_bare")
        alike = "LIKE billing_usageevent INCLUDING DEFAULTS INCLUDING INDEXES"
        connection.execute(f"CREATE TABLE bench_bare ({alike})")
        rows = f"SELECT * FROM billing_usageevent WHERE account_id = '{tenant}' ORDER BY seq"
        with connection.cursor().copy(f"COPY ({rows}) TO STDOUT") as copy:
            data = b"".join(bytes(part) for part in copy)
        started = time.perf_counter()
        with connection.cursor().copy("COPY bench_bare FROM STDIN") as copy:
            for at in range(0, len(data), 1 << 20):
                copy.write(data[at : at + (1 << 20)])
        return time.perf_counter() - started


def main() -> None:
    with running() as system:
        over_http(system, system.tenant(), bodies(4 * BATCH))
        ratios = []
        for _ in range(ROUNDS):
            tenant = system.tenant()
            batches = bodies(EVENTS)
            http_rate = EVENTS / over_http(system, tenant, batches)
            copy_rate = EVENTS / by_copy(system, tenant)
            ratios.append(http_rate / copy_rate)
            print(f"HTTP {http_rate:,.0f}/s  COPY {copy_rate:,.0f}/s  ratio {ratios[-1]:.2f}")
        print(f"ingest: {sorted(ratios)[len(ratios) // 2]:.2f} of a bare COPY (target {TARGET})")


if __name__ == "__main__":
    main()
