"""Each web process stays on a core of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from launcher import services

ROOT = Path(__file__).resolve().parents[2]
CORES = sorted(os.sched_getaffinity(0))

# Says where it runs, with a thread that was there before; then what a child of its own may use.
PROCESS = """
import json, os, subprocess, sys, threading
from pathlib import Path
from billing.kernel import cores
early = threading.Thread(target=threading.Event().wait, daemon=True)
early.start()
core = cores.stay_on_one(Path(sys.argv[1]))
of_threads = [sorted(os.sched_getaffinity(int(one))) for one in os.listdir("/proc/self/task")]
child = subprocess.Popen(["sleep", "60"])
cores.give_all_to(child.pid)
mine = []
for _ in range(2):
    with cores.on_any():
        mine.append(sorted(os.sched_getaffinity(0)))
        mine.append(sorted(os.sched_getaffinity(int(early.native_id))))
    mine.append(sorted(os.sched_getaffinity(0)))
of_child = sorted(os.sched_getaffinity(child.pid))
child.kill(), child.wait()
print(json.dumps([core, of_threads, of_child, mine]), flush=True)
sys.stdin.read()
"""

Said = list[Any]


@contextmanager
def process(folder: Path) -> Iterator[Said]:
    """Run one, and have it end by SIGKILL."""
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        try:
            yield json.loads(running.stdout.readline())
        finally:
            running.kill()


def test_each_has_its_own_with_all_its_threads(tmp_path: Path) -> None:
    with ExitStack() as stack:
        said = [stack.enter_context(process(tmp_path / "cores")) for _ in CORES]
        more = stack.enter_context(process(tmp_path / "cores"))

    assert [core for core, *_ in said] == CORES
    assert [threads for _, threads, *_ in said] == [[[core]] * 2 for core in CORES]
    assert more == [None, [CORES] * 2, CORES, [CORES] * 6]


def test_what_one_starts_may_run_on_all(tmp_path: Path) -> None:
    with process(tmp_path) as (_, _, of_child, _):
        assert of_child == CORES


def test_a_thread_with_long_work_may_run_on_all_until_it_is_done(tmp_path: Path) -> None:
    with process(tmp_path) as (core, _, _, of_thread_and_other):
        assert of_thread_and_other == [CORES, [core], [core]] * 2


def test_the_core_of_one_that_was_killed_is_free(tmp_path: Path) -> None:
    for _ in range(2):
        with process(tmp_path) as (core, *_):
            assert core == CORES[0]


@pytest.mark.parametrize(
    ("workers", "given", "expected"),
    [
        (len(CORES), {}, "1"),
        (len(CORES) + 1, {}, "0"),
        (len(CORES), {"BILLING_PIN_WORKERS": "0"}, "0"),
        (len(CORES) + 1, {"BILLING_PIN_WORKERS": "1"}, "1"),
    ],
)
def test_where_they_fill_the_cores_each_has_one(
    workers: int, given: dict[str, str], expected: str
) -> None:
    assert services.pinned(given, workers)["BILLING_PIN_WORKERS"] == expected
