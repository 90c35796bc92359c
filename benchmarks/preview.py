"""What a preview costs: against the number of events behind it, and against an empty request.

First a tenant with 1,000,000 events against one with 1,000: the aim is a ratio of the medians of at
most 1.3, since a preview reads counters and no events. Then a tenant whose plan has 10 charges
against an endpoint of the same server that authenticates and answers `{}`: at most 10. Requests of
a pair alternate, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import http.client
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from benchmarks.system import BASE, System, running

LARGE: Final = int(os.environ.get("BENCH_PREVIEW_EVENTS", "1000000"))
SMALL: Final = 1000
ROUNDS: Final = 300
BATCH: Final = 5000
EMPTY: Final = "/api/billing/v1/empty"
METRICS: Final = ("API_CALLS", "COMPUTE_SECONDS", "STORAGE_BYTES")
MODELS: Final = ("chat", "embed", "image", "audio", "video", "code", "rank", "search", "label")


def plan(system: System, charges: list[dict[str, object]]) -> str:
    given = {
        "code": f"bench-{uuid4().hex}",
        "name": "Bench",
        "currency": "USD",
        "interval": "MONTH",
        "price": "10",
        "charges": charges,
    }
    return str(system.call("POST", "/plans", given)["id"])


def graduated(metric: str, **fields: object) -> dict[str, object]:
    tiers = [{"upTo": "1000", "unitPrice": "0.02"}, {"upTo": None, "unitPrice": "0.01"}]
    return {"metricType": metric, "model": "GRADUATED", "tiers": tiers, **fields}


def ten_charges() -> list[dict[str, object]]:
    """Nine for a model each, and one for the rest."""
    filtered = [graduated("API_CALLS", filter={"model": name}) for name in MODELS]
    return [*filtered, graduated("API_CALLS")]


def tenant(system: System, plan_id: str, count: int, started: datetime) -> str:
    """Make a tenant with so many events, spread evenly over the six hours since the start."""
    made = str(system.call("POST", "/tenants", {"name": f"{count} events"})["id"])
    start = {"planId": plan_id, "startAt": started.isoformat()}
    system.call("POST", f"/tenants/{made}/subscriptions", start)
    step = timedelta(hours=6) / count

    def send(first: int) -> None:
        events = [
            {
                "metricType": METRICS[number % len(METRICS)],
                "quantity": number % 97,
                "timestamp": (started + number * step).isoformat(),
                "resourceId": f"node-{number % 10}",
                "metadata": {"model": MODELS[number % len(MODELS)]},
            }
            for number in range(first, min(first + BATCH, count))
        ]
        system.call("POST", f"/tenants/{made}/usage/batch", events)

    with ThreadPoolExecutor(max_workers=3) as pool:
        list(pool.map(send, range(0, count, BATCH)))
    return made


def asking(system: System, path: str) -> Callable[[], float]:
    """Return what asks for a path over a kept connection, and says how long it took."""
    connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=60)

    def ask() -> float:
        began = time.perf_counter()
        connection.request("GET", path, headers=system.headers())
        response = connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {content[:500]!r}")
        return time.perf_counter() - began

    return ask


def compare(reference: Callable[[], float], asked: Callable[[], float]) -> tuple[float, float]:
    """Return the medians of both, in milliseconds."""
    for _ in range(20):
        reference(), asked()
    pairs = [(reference(), asked()) for _ in range(ROUNDS)]
    low, high = (statistics.median(pair[place] for pair in pairs) * 1000 for place in (0, 1))
    return low, high


def tell(name: str, median: float, reference: float, limit: float) -> None:
    ratio = median / reference
    verdict = "met" if ratio <= limit else "MISSED"
    print(
        f"{name}: median {median:.2f} ms against {reference:.2f} ms, "
        f"ratio {ratio:.2f} (at most {limit}: {verdict})"
    )


def main() -> None:
    started = datetime.now(UTC) - timedelta(hours=6)  # noqa: TID251  a benchmark has no clock
    with running("benchmarks.empty_settings") as system:

        def preview(plan_id: str, count: int) -> Callable[[], float]:
            of = tenant(system, plan_id, count, started)
            return asking(system, f"{BASE}/tenants/{of}/billing/preview")

        usual = plan(system, [graduated(name) for name in METRICS])
        ten = plan(system, ten_charges())
        few, many = compare(asking(system, EMPTY), preview(ten, SMALL))
        tell("preview with 10 charges against an empty request", many, few, 10)
        few, many = compare(preview(usual, SMALL), preview(usual, LARGE))
        tell(f"preview over {LARGE:,} events against {SMALL:,}", many, few, 1.3)


if __name__ == "__main__":
    main()
