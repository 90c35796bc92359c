"""Limits over HTTP against an empty endpoint and pgbench's UPDATEs: `bin/bench limits`."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import jwt
import psycopg

from benchmarks.load import THREADS, Load, send
from benchmarks.single import pgbench_path
from benchmarks.system import SECRET, System, running

PORTAL = "/api/billing/v1"
CLIENTS = 16
SECONDS = 6
ROUNDS = 3
CUSTOMERS = 200
TARGETS = {"rates": 0.6, "reads": 0.6, "quotas": 0.4}
P99_TARGET = 5.0

# In one transaction, and in one statement after the other: a customer has its owner at the commit.
OWNED = """
UPDATE billing_account SET customer_id = id WHERE id = %(tenant)s;
INSERT INTO customers_customer (account_id, name, email, created_at, subscription_status)
    VALUES (%(tenant)s, 'Bench', 'b@example.com', now(), '');
INSERT INTO customers_membership (id, customer_id, user_id, role, created_at)
    VALUES (gen_random_uuid(), %(tenant)s, %(user)s, 0, now())
"""


def message(method: str, path: str, token: str, body: Any = None) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    typed = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n" if data else ""
    head = (
        f"{method} {PORTAL}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    )
    return f"{head}{typed}\r\n".encode() + data


def over_http(system: System, messages: list[bytes]) -> Load:
    return send(system.port, messages, clients=CLIENTS, seconds=SECONDS)


def by_pgbench(system: System) -> float:
    """Return pgbench's transactions per second: one row of as many as there are customers."""
    with system.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS bench_quota")
        connection.execute(
            "CREATE TABLE bench_quota (id int PRIMARY KEY, used bigint) WITH (fillfactor = 70)"
        )
        connection.execute(
            "INSERT INTO bench_quota SELECT n, 0 FROM generate_series(1, %s) AS n", [CUSTOMERS]
        )
    parts = urlsplit(system.database)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"\\set id random(1, {CUSTOMERS})\n")
        script.write("UPDATE bench_quota SET used = used + 1 WHERE id = :id;\n")
        script.flush()
        done = subprocess.run(
            [
                *(pgbench_path(), "-n", "-M", "prepared", "-c", str(CLIENTS)),
                *("-j", str(THREADS), "-T", str(SECONDS), "-f", script.name),
                *("-h", str(parts.hostname), "-p", str(parts.port)),
                *("-U", str(parts.username), parts.path[1:]),
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


def customers(system: System) -> list[tuple[str, str]]:
    """Make customers of one member each on a tier with limits; return their ids and tokens."""
    names = [("api", f"feature_{number}") for number in range(20)]
    limits = [
        {"serviceName": service, "featureKey": key, "value": 10**12, "window": "month"}
        for service, key in names
    ]
    plan = {
        "code": f"limits-{uuid4().hex[:8]}",
        "name": "Limits",
        "currency": "USD",
        "interval": "MONTH",
        "price": "10.00",
        "limits": [*limits, {"serviceName": "disk", "featureKey": "bytes", "value": 10**12}],
    }
    system.call("POST", "/plans", plan)
    made = []
    for _ in range(CUSTOMERS):
        tenant, user = str(system.call("POST", "/tenants", {"name": "Bench"})["id"]), str(uuid4())
        system.call("POST", f"/tenants/{tenant}/subscriptions", {"planId": plan["code"]})
        with psycopg.connect(system.database, cursor_factory=psycopg.ClientCursor) as connection:
            connection.execute(OWNED, {"tenant": tenant, "user": user})
        made.append((tenant, signed(user)))
    return made


def signed(user: str) -> str:
    claims = {"sub": user, "roles": [], "exp": int(time.time()) + 86_400}  # noqa: TID251
    return jwt.encode(claims, SECRET, algorithm="HS256")


def consuming(system: System, customer: str, service: str, feature: str) -> bytes:
    body = {"customerId": customer, "serviceName": service, "featureKey": feature}
    return message("POST", "/limits/consume", system.token, body)


def main() -> None:
    with running("benchmarks.empty_settings") as system:
        made = customers(system)
        kinds = {
            "empty": [message("GET", "/empty", token) for _, token in made],
            "reads": [message("GET", "/limits", token) for _, token in made],
            "rates": [consuming(system, one, "api", "feature_7") for one, _ in made],
            "quotas": [consuming(system, one, "disk", "bytes") for one, _ in made],
        }
        for messages in kinds.values():
            over_http(system, messages)
        ratios: dict[str, list[float]] = {name: [] for name in TARGETS}
        tails: dict[str, list[float]] = {name: [] for name in TARGETS}
        for _ in range(ROUNDS):
            measured = {name: over_http(system, messages) for name, messages in kinds.items()}
            updates = by_pgbench(system)
            references = {"rates": measured["empty"].rate, "reads": measured["empty"].rate}
            for name in TARGETS:
                ratios[name].append(measured[name].rate / references.get(name, updates))
                tails[name].append(measured[name].tail)
            rates = "  ".join(f"{name} {one.rate:,.0f}/s" for name, one in measured.items())
            print(f"{rates}  pgbench {updates:,.0f}/s", flush=True)
    for name, target in TARGETS.items():
        ratio, tail = statistics.median(ratios[name]), statistics.median(tails[name])
        print(
            f"limits, {name}: {ratio:.2f} of the reference (target {target}), "
            f"p99 {tail:.1f} times the median (target {P99_TARGET:.0f})"
        )


if __name__ == "__main__":
    main()
