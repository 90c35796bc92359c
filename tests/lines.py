"""Waiting until so many threads stand in a line."""

from __future__ import annotations

import time
from collections.abc import Sized
from typing import Final

PATIENCE: Final = 10.0


def until_waiting(line: Sized, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(line) < count:
        assert time.monotonic() < end, "nobody came"
        time.sleep(0.001)
