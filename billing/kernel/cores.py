"""A web process on one core: see docs/adr/0031."""

from __future__ import annotations

import fcntl
import os
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


def give_all_to(process_id: int) -> None:
    """Let a process that was started by this one run wherever this one was allowed to."""
    if _allowed:
        os.sched_setaffinity(process_id, _allowed)
