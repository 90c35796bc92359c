"""Waiting until so many threads stand in a line."""

from __future__ import annotations

import time
from typing import Final

from billing.kernel.turns import Turns

PATIENCE: Final = 10.0


def until_waiting(turns: Turns, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(turns._line) < count:
        assert time.monotonic() < end, "nobody came"
        time.sleep(0.001)
