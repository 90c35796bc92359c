"""What goes wrong on demand: for the next requests that match, in the order they were asked for."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """How a request goes wrong, and whether what it asks for is done."""

    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    ERROR_BEFORE = "500_before"
    ERROR_AFTER = "500_after"
    ERROR_KEPT = "500_kept"
    """Nothing is done, and the idempotency key keeps the 500, as Stripe says it does."""
    LIMITED = "429"
    SLOW = "slow"

    @property
    def is_before(self) -> bool:
        return self not in {Fault.TIMEOUT_AFTER, Fault.RESET_AFTER, Fault.ERROR_AFTER, Fault.SLOW}


@dataclass(slots=True)
class Planned:
    fault: Fault
    method: str
    path: re.Pattern[str]
    times: int
    seconds: float


class Faults:
    def __init__(self) -> None:
        self.planned: list[Planned] = []
        self.mutex = threading.Lock()

    def plan(self, asked: Mapping[str, Any]) -> None:
        """Take {"kind", "method"?, "path"? (a regular expression), "times"?, "seconds"?}."""
        made = Planned(
            fault=Fault(asked["kind"]),
            method=str(asked.get("method", "")).upper(),
            path=re.compile(str(asked.get("path", "."))),
            times=int(asked.get("times", 1)),
            seconds=float(asked.get("seconds", 0.5 if asked["kind"] == "slow" else 30)),
        )
        with self.mutex:
            self.planned.append(made)

    def next(self, method: str, path: str) -> Planned | None:
        with self.mutex:
            for one in self.planned:
                if one.method in {"", method} and one.path.search(path):
                    one.times -= 1
                    if one.times <= 0:
                        self.planned.remove(one)
                    return one
        return None

    def clear(self) -> None:
        with self.mutex:
            self.planned.clear()
