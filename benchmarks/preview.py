"""The preview of a tenant with 1,000,000 events against that of one with 1,000, in the same run.

Requests to the two alternate, so that whatever else the machine does meets both alike. The aim: a
ratio of the medians of at most 1.3, since a preview reads counters and no events.
"""

from __future__ import annotations

import json
import os
import statistics
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

URL = os.environ["BENCH_URL"] + "/api/v1/billing"
TOKEN = os.environ["BENCH_TOKEN"]
LARGE = int(os.environ.get("BENCH_PREVIEW_EVENTS", "1000000"))
SMALL = 1000
ROUNDS = 300
BATCH = 5000
LIMIT = 1.3
METRICS = ("API_CALLS", "COMPUTE_SECONDS", "STORAGE_BYTES")


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


def tenant(plan_id: str, count: int, started: datetime) -> str:
    """Make a tenant with so many events, spread evenly over the six hours since the start."""
    made = str(call("POST", "/tenants", {"name": f"{count} events"})["id"])
    start = {"planId": plan_id, "startAt": started.isoformat()}
    call("POST", f"/tenants/{made}/subscriptions", start)
    step = timedelta(hours=6) / count

    def send(first: int) -> None:
        events = [
            {
                "metricType": METRICS[number % len(METRICS)],
                "quantity": number % 97,
                "timestamp": (started + number * step).isoformat(),
                "resourceId": f"node-{number % 10}",
            }
            for number in range(first, min(first + BATCH, count))
        ]
        call("POST", f"/tenants/{made}/usage/batch", events)

    with ThreadPoolExecutor(max_workers=3) as pool:
        list(pool.map(send, range(0, count, BATCH)))
    return made


def timed(tenant_id: str) -> float:
    began = time.perf_counter()
    call("GET", f"/tenants/{tenant_id}/billing/preview")
    return time.perf_counter() - began


def main() -> None:
    started = datetime.now(UTC) - timedelta(hours=6)  # noqa: TID251  a benchmark has no clock
    plan_id = plan()
    small, large = tenant(plan_id, SMALL, started), tenant(plan_id, LARGE, started)
    for _ in range(20):
        timed(small), timed(large)
    pairs = [(timed(small), timed(large)) for _ in range(ROUNDS)]
    few = statistics.median(pair[0] for pair in pairs)
    many = statistics.median(pair[1] for pair in pairs)
    print(f"preview, {SMALL:>9,} events: median {few * 1000:6.2f} ms (reference)")
    print(f"preview, {LARGE:>9,} events: median {many * 1000:6.2f} ms")
    verdict = "met" if many / few <= LIMIT else "MISSED"
    print(f"ratio {many / few:.2f} (at most {LIMIT}: {verdict})")


if __name__ == "__main__":
    main()
