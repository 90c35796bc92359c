"""What is read all day, of a tenant with 10,000,000 events against one with 10,000, in one run.

`bin/bench growth [--events N] [--save FILE]`. The requests to both alternate, so that what else the
machine does meets them alike. The large tenant's events are the small one's, many times over: as
many hours and resources, so that what differs is the number of events alone. It grows tenfold from
step to step, and is measured at each. Aim: ratios of at most 1.5.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

URL = os.environ["BENCH_URL"] + "/api/v1/billing"
TOKEN = os.environ["BENCH_TOKEN"]
SMALL, LARGE = 10_000, 10_000_000
BATCH, CHUNK = 5_000, 100
ROUNDS = 60
STEP = 10
LIMIT = 1.5
HOURS = 40
METRICS = ("API_CALLS", "COMPUTE_SECONDS", "STORAGE_BYTES")

READS = {
    "preview": "/tenants/{}/billing/preview",
    "summary": "/tenants/{}/usage/summary",
    "summary by day": "/tenants/{}/usage/summary?groupBy=day",
    "events, a page": "/tenants/{}/usage/events?limit=100",
    "quota check": "/quotas/tenants/{}/check?resourceType=API_CALLS&requestedAmount=1",
    "current cost": "/realtime-cost/tenants/{}/current",
    "cost by resource": "/realtime-cost/tenants/{}/by-resource?groupBy=resource",
    "timeline by day": "/realtime-cost/tenants/{}/timeline?granularity=DAY",
}

COPIES = """
INSERT INTO billing_usageevent (account_id, event_id, seq, meter_id, quantity, is_correction,
    occurred_at, recorded_at, resource_type, resource_id, user_id, cost_center_id, metadata)
SELECT account_id, md5(n || event_id), nextval('billing_usage_block') * 10000, meter_id, quantity,
    is_correction, occurred_at, recorded_at, resource_type, resource_id, user_id, cost_center_id,
    metadata
FROM billing_usageevent, generate_series(%s::int, %s::int) AS n
WHERE account_id = %s AND event_id LIKE 'first-%%'
"""
MULTIPLY = "UPDATE {} SET total = total * %s, events = events * %s WHERE account_id = %s"


def call(method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        URL + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


def plan() -> str:
    tiers = [{"upTo": "1000", "unitPrice": "0.02"}, {"upTo": None, "unitPrice": "0.01"}]
    charges = [{"metricType": name, "model": "GRADUATED", "tiers": tiers} for name in METRICS]
    given = {
        "code": f"bench-{uuid4().hex}",
        "name": "Bench",
        "currency": "USD",
        "interval": "MONTH",
        "price": "10",
        "charges": charges,
    }
    return str(call("POST", "/plans", given)["id"])


def batches(started: datetime) -> Iterator[list[dict[str, Any]]]:
    step = timedelta(hours=HOURS) / SMALL
    for first in range(0, SMALL, BATCH):
        yield [
            {
                "metricType": METRICS[number % len(METRICS)],
                "quantity": number % 97,
                "eventId": f"first-{number}",
                "timestamp": (started + number * step).isoformat(),
                "resourceId": f"node-{number % 10}",
            }
            for number in range(first, first + BATCH)
        ]


def tenant(plan_id: str, started: datetime) -> str:
    """Make a tenant with SMALL events and a quota, where the system has quotas."""
    made = str(call("POST", "/tenants", {"name": "Growth"})["id"])
    start = {"planId": plan_id, "startAt": started.isoformat()}
    call("POST", f"/tenants/{made}/subscriptions", start)
    for events in batches(started):
        call("POST", f"/tenants/{made}/usage/batch", events)
    quota = {"tenantId": made, "resourceType": "API_CALLS", "quotaLimit": "1000000000000"}
    try:
        call("POST", "/quotas", quota)
    except urllib.error.HTTPError:
        print("no quotas here yet")
    return made


def multiply(account: str, before: int, after: int) -> None:
    """Write the tenant's first events anew under other ids: from so many times to so many."""
    began = time.perf_counter()
    with psycopg.connect(os.environ["BENCH_SUPERUSER_URL"], autocommit=True) as connection:
        for first in range(before, after, CHUNK):
            connection.execute(COPIES, [first, min(first + CHUNK, after) - 1, account])
        for table in ("billing_usagebucket", "billing_usagecounter"):
            connection.execute(MULTIPLY.format(table), [after // before] * 2 + [account])
        connection.execute("VACUUM ANALYZE billing_usageevent")
        size = "SELECT pg_size_pretty(pg_total_relation_size('billing_usageevent'))"
        row = connection.execute(size).fetchone()
    assert row is not None
    print(f"{after * SMALL:,} events, {row[0]} with indexes ({time.perf_counter() - began:.0f} s)")


def timed(path: str) -> float:
    began = time.perf_counter()
    call("GET", path)
    return time.perf_counter() - began


def compare(path: str, small: str, large: str) -> tuple[float, float] | None:
    """Return the medians of both in milliseconds; None where the system has no such path."""
    try:
        for _ in range(10):
            timed(path.format(small)), timed(path.format(large))
    except urllib.error.HTTPError:
        return None
    pairs = [(timed(path.format(small)), timed(path.format(large))) for _ in range(ROUNDS)]
    few = statistics.median(pair[0] for pair in pairs)
    many = statistics.median(pair[1] for pair in pairs)
    return few * 1000, many * 1000


def measure(small: str, large: str, count: int) -> Iterator[dict[str, Any]]:
    """Compare all reads, print each, and yield its row."""
    for name, path in READS.items():
        found = compare(path, small, large)
        if found is None:
            print(f"{name:18} is not there")
            continue
        few, many = found
        verdict = "met" if many / few <= LIMIT else "MISSED"
        ratio = f"ratio {many / few:.2f} (at most {LIMIT}: {verdict})"
        print(f"{name:18} {few:7.2f} ms and {many:7.2f} ms: {ratio}", flush=True)
        yield {"read": name, "events": count, "small_ms": f"{few:.2f}", "large_ms": f"{many:.2f}"}


def save(file: str, rows: list[dict[str, Any]]) -> None:
    with Path(file).open("w", newline="") as out:
        writer = csv.DictWriter(out, ["read", "events", "small_ms", "large_ms"])
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench growth")
    parser.add_argument("--events", type=int, default=LARGE)
    parser.add_argument("--save", default="", help="a CSV file for the figures")
    given = parser.parse_args()
    started = datetime.now(UTC) - timedelta(hours=HOURS)  # noqa: TID251  a benchmark has no clock
    plan_id = plan()
    small, large = tenant(plan_id, started), tenant(plan_id, started)
    rows: list[dict[str, Any]] = []
    times = 1
    while times * SMALL < given.events:
        multiply(large, times, times * STEP)
        times *= STEP
        rows += measure(small, large, times * SMALL)
    quantities = [call("GET", READS["summary"].format(one))["metrics"] for one in (small, large)]
    print(f"events counted: {[sum(m['events'] for m in each) for each in quantities]}")
    if given.save:
        save(given.save, rows)


if __name__ == "__main__":
    main()
