"""A burst of 10,000 of Stripe's events: each answered within a second at p99, or told again.

A web server of two workers; 64 connections send signed events as fast as they are answered, one in
ten of them twice, as Stripe does with what it got no answer for. What is refused, or dies on the
way, is sent again until it is taken. In the end each event has to be in the inbox, once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections import Counter, deque
from http import HTTPStatus
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Final, TypeAlias

from benchmarks.connections import Connections
from benchmarks.system import System, running

EVENTS: Final = int(os.environ.get("BENCH_BURST", "10000"))
CONNECTIONS: Final = int(os.environ.get("BENCH_BURST_CONNECTIONS", "64"))
SENDERS: Final = 2
LONGEST: Final = 300.0
SECRET: Final = "whsec_benchmark_only"
HOOK: Final = "/api/v1/billing/stripe/webhook"
MOST_TRIES: Final = 5
COUNT: Final = "SELECT count(*), count(due_at) FROM paying_stripeevent"
LIMIT_SECONDS: Final = 1.0
KINDS: Final = (
    ("customer.updated", "customer", "cus"),
    ("invoice.paid", "invoice", "in"),
    ("payment_intent.succeeded", "payment_intent", "pi"),
    ("customer.subscription.updated", "subscription", "sub"),
)
Taken = tuple[float, int]
"""Seconds, and the answer's status: 0 for none."""
Answers: TypeAlias = "Queue[list[Taken]]"
"""A text, since Python 3.11 knows no queue of something."""


def body(number: int) -> bytes:
    kind, object_type, prefix = KINDS[number % len(KINDS)]
    name = f"{prefix}_{number:08d}"
    said = {
        "id": f"evt_{number:08d}",
        "object": "event",
        "type": kind,
        "created": int(time.time()),  # noqa: TID251
        "livemode": False,
        "api_version": "2026-08-26.dahlia",
        # About as long as an event of Stripe's is.
        "data": {"object": {"id": name, "object": object_type, "note": "x" * 3000}},
    }
    return json.dumps(said).encode()


def signed(content: bytes) -> str:
    stamp = int(time.time())  # noqa: TID251
    digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def message(number: int) -> bytes:
    """Make one delivery, byte by byte, beforehand: the sender shall cost as little as it can."""
    content = body(number)
    head = (
        f"POST {HOOK} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signed(content)}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def until_taken(port: int, waiting: deque[bytes], connections: int) -> list[Taken]:
    """Send deliveries, and those that are not taken again, so many times at most."""
    most = MOST_TRIES * len(waiting)
    requests = iter(lambda: waiting.popleft() if waiting else None, None)
    taken: list[Taken] = []
    for one in Connections(port, requests, connections).answers():
        taken.append((one.seconds, one.status))
        if one.status != HTTPStatus.OK and len(taken) < most:
            waiting.append(one.request)
    return taken


def told(port: int, numbers: list[int], connections: int, begin: Barrier, answer: Answers) -> None:
    waiting = deque(message(number) for number in numbers)
    begin.wait()
    answer.put(until_taken(port, waiting, connections))


def burst(system: System) -> tuple[list[Taken], float]:
    numbers = [number for number in range(EVENTS) for _ in range(2 if number % 10 == 0 else 1)]
    begin = multiprocessing.Barrier(SENDERS + 1)
    answer: Answers = multiprocessing.Queue()
    for place in range(SENDERS):
        share = (system.port, numbers[place::SENDERS], CONNECTIONS // SENDERS, begin, answer)
        multiprocessing.Process(target=told, args=share).start()
    begin.wait()
    began = time.perf_counter()
    taken = [one for _ in range(SENDERS) for one in answer.get(timeout=LONGEST)]
    return taken, time.perf_counter() - began


def main() -> None:
    os.environ["STRIPE_WEBHOOK_SECRET"] = SECRET
    with running() as system:
        taken, seconds = burst(system)
        with system.connect() as connection:
            row = connection.execute(COUNT).fetchone()
    answered = [spent for spent, status in taken if status == 200]
    refused = len(taken) - len(answered)
    if len(answered) < EVENTS:
        sys.exit(f"Not taken: {dict(Counter(status for _, status in taken))} by status.")
    p50, p99 = statistics.median(answered), statistics.quantiles(answered, n=100)[-1]
    print(
        f"{len(answered)} deliveries of {EVENTS} events in {seconds:.1f} s "
        f"({len(answered) / seconds:.0f}/s), {CONNECTIONS} at a time, {refused} sent again:"
    )
    print(f"  answered after {p50:.3f} s at p50, {p99:.3f} s at p99, {max(answered):.3f} s at most")
    print(f"  in the inbox: {row and row[0]}, waiting to be read: {row and row[1]}")
    if row != (EVENTS, EVENTS) or p99 > LIMIT_SECONDS:
        sys.exit(f"The aim: all of them once, within {LIMIT_SECONDS:.0f} s at p99.")


if __name__ == "__main__":
    main()
