"""Advisory locks of Postgres are numbers: those that are known by a name."""

from __future__ import annotations

import hashlib


def number_of(name: str) -> int:
    """Return the lock's number, of 64 bits: the same for a name in every process."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
