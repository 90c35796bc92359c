"""The command lines of web, worker, courier and beat."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from launcher.ports import HOST
from launcher.processes import Program

THREADS_PER_WORKER = 32
# An open stream of costs keeps a thread waiting: these come on top, so that requests have theirs.
STREAMS_PER_WORKER = 16
# One process serves many slow requests at once (a PDF may take 20 s); more than this many
# connections wait in the listen queue instead of in our memory.
CONNECTIONS_PER_WORKER = 256
COURIER_THREADS = 8


def database_connections(*, workers: int) -> int:
    """Return max_connections for our Postgres: one a thread, one a process, room for the others."""
    return max(100, workers * (THREADS_PER_WORKER + STREAMS_PER_WORKER + 1) + 40)


def streams(environment: Mapping[str, str]) -> int:
    """Return how many streams a process may have; a wrong setting is told by Django itself."""
    said = environment.get("BILLING_STREAMS", "")
    return int(said) if said.isascii() and said.isdigit() else STREAMS_PER_WORKER


def web(*, port: int, workers: int, environment: Mapping[str, str], log: Path) -> Program:
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"),
        *("--host", HOST, "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", str(THREADS_PER_WORKER + streams(environment))),
        *("--backpressure", str(CONNECTIONS_PER_WORKER), "--backlog", "1024"),
        *("--http", "1", "--no-ws", "--http1-header-read-timeout", "15000"),
        *("--respawn-failed-workers", "--respawn-interval", "0.5"),
        *("--workers-kill-timeout", "25", "--no-access-log", "--log-level", "warning"),
    ]
    return Program("web", command, pinned(environment, workers), log, stop_seconds=30.0)


def pinned(environment: Mapping[str, str], workers: int) -> dict[str, str]:
    """Have each web process stay on a core of its own, where there is one for each and no other.

    What the operator says goes first.
    """
    fills = hasattr(os, "sched_getaffinity") and workers == len(os.sched_getaffinity(0))
    return {"BILLING_PIN_WORKERS": "1" if fills else "0", **environment}


def worker(*, environment: Mapping[str, str], log: Path) -> Program:
    command = [
        *(sys.executable, "-m", "celery", "-A", "config", "worker"),
        *("--concurrency", "2", "--pool", "prefork", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--hostname", "worker@%h"),
    ]
    return Program("worker", command, environment, log, stop_seconds=30.0)


def courier(*, environment: Mapping[str, str], log: Path) -> Program:
    """Run what waits for other people's servers, and what must not wait for the billing run."""
    command = [
        *(sys.executable, "-m", "celery", "-A", "config", "worker", "--queues", "courier"),
        *("--concurrency", str(COURIER_THREADS), "--pool", "threads", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--hostname", "courier@%h"),
    ]
    return Program("courier", command, environment, log, stop_seconds=40.0)


def beat(*, schedule: Path, environment: Mapping[str, str], log: Path) -> Program:
    command = [
        *(sys.executable, "-m", "celery", "-A", "config", "beat"),
        *("--schedule", str(schedule), "--pidfile", "", "--loglevel", "WARNING"),
    ]
    return Program("beat", command, environment, log, stop_seconds=10.0)
