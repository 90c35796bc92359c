"""How long to wait before a crashed process is started again."""

from __future__ import annotations

from typing import Final

FIRST_SECONDS: Final = 0.5
LAST_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0


class Backoff:
    """Doubles from half a second to 30 s; forgets after a minute without a crash."""

    def __init__(self) -> None:
        self._crashes = 0

    def after_crash(self, *, ran_seconds: float) -> float:
        """Return the seconds to wait, given how long the process ran before it crashed."""
        if ran_seconds >= STEADY_SECONDS:
            self._crashes = 0
        delay: float = min(FIRST_SECONDS * 2**self._crashes, LAST_SECONDS)
        self._crashes = min(self._crashes + 1, 16)
        return delay
