"""How much memory and disk this machine, or the container that we are in, lets us use."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 1024 * 1024
LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
MACHINE: Final = Path("/proc/meminfo")
LEAST_SHARED: Final = 128
MOST_SHARED: Final = 8192
LEAST_LOG: Final = 1024
MOST_LOG: Final = 8192


def total_mebibytes(machine: Path = MACHINE, limits: tuple[Path, ...] = LIMITS) -> int:
    """Return the smallest of the machine's memory and the container's limits; 1024 if unknown."""
    found = [_of_machine(machine), *(_limit(path) for path in limits)]
    return min((one for one in found if one), default=1024)


def shared_buffers(total: int) -> int:
    """Return what Postgres keeps of its pages, in mebibytes: a quarter, as its manual advises.

    The key of usage events is random, so all of its pages are in use at once: where they do not
    fit, each event reads one and writes another.
    """
    return max(LEAST_SHARED, min(total // 4, MOST_SHARED))


def disk_mebibytes(folder: Path) -> int:
    """Return the size of the disk that holds a folder, which need not exist yet."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).total // MEBIBYTE


def write_ahead_log(disk: int) -> int:
    """Return how long Postgres lets its log grow between checkpoints, in mebibytes.

    After a checkpoint each page is logged whole at its first change, and the checkpoint copies all
    that has changed to the disk, while 40,000 events a second come in. A longer log takes longer
    to replay after a crash, and a small disk is not for a log: at most a twentieth of it.
    """
    return max(LEAST_LOG, min(disk // 20, MOST_LOG))


def _of_machine(path: Path) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        name, _, rest = line.partition(":")
        if name == "MemTotal":
            return int(rest.split()[0]) // 1024
    return 0


def _limit(path: Path) -> int:
    """Return a container's limit; 0 where it has none ("max", or a number beyond any memory)."""
    try:
        said = path.read_text().strip()
    except OSError:
        return 0
    return int(said) // MEBIBYTE if said.isdigit() else 0
