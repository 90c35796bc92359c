"""Logs stay bounded: a log that has grown is copied aside and emptied."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

LIMIT_BYTES: Final = 10 * 1024 * 1024
KEPT: Final = 3


def rotate(log: Path, *, limit_bytes: int = LIMIT_BYTES) -> bool:
    """Move a log's content aside if it passed the limit; return whether it did.

    Our children hold the file open for appending, so it is copied and emptied in place. A line
    written between the two is lost: the price of processes that need no pipe to us.
    """
    try:
        if log.stat().st_size <= limit_bytes:
            return False
    except FileNotFoundError:
        return False
    for number in range(KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    log.with_name(f"{log.name}.1").chmod(0o600)
    with log.open("r+b") as content:
        content.truncate(0)
    return True


def last_lines(log: Path, count: int = 5) -> list[str]:
    """Return the last lines of a log that are not empty."""
    try:
        with log.open("rb") as content:
            content.seek(0, 2)
            content.seek(max(0, content.tell() - 16_384))
            text = content.read().decode(errors="replace")
    except OSError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()][-count:]
