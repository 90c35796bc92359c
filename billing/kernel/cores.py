"""A web process on one core: see docs/adr/0031."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_held: Final[list[Any]] = []
"""The lock of the core: given back with the process, however it ends."""

_allowed: set[int] = set()


def stay_on_one(folder: Path) -> int | None:
    """Have the process, with all its threads, run on a core that no other of this folder's has.

    Returns which. None, with nothing changed, where each is taken or the system can't do it.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    allowed = os.sched_getaffinity(0)
    for core in sorted(allowed):
        if _take(folder / f"core-{core}.lock"):
            _allowed.update(allowed)
            for thread in Path("/proc/self/task").iterdir():
                os.sched_setaffinity(int(thread.name), {core})
            return core
    return None


def _take(lock: Path) -> bool:
    file = lock.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    _held.append(file)
    return True


@contextmanager
def on_any() -> Iterator[None]:
    """Let the thread run wherever the process was allowed to, for as long as this lasts.

    For long work that waits little: it need not share the core with the next request's reading.
    """
    if not _allowed:
        yield
        return
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _allowed)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def give_all_to(process_id: int) -> None:
    """Let a process that was started by this one run wherever this one was allowed to."""
    if _allowed:
        os.sched_setaffinity(process_id, _allowed)
