"""Progress on the terminal, and (for a detached start) over a pipe to the terminal that waits."""

from __future__ import annotations

import os
import sys
import time
from typing import Final

READY: Final = "\x04ready"
FAILED: Final = "\x04failed "


class Console:
    """Prints lines. After `detach` they go nowhere but to the log: the terminal may be gone."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        self._began = time.monotonic()
        self._open = True

    @classmethod
    def silent(cls) -> Console:
        made = cls()
        made._open = False
        return made

    def say(self, line: str = "") -> None:
        if not self._open:
            return
        try:
            if self._descriptor is None:
                print(line, flush=True)
            else:
                os.write(self._descriptor, f"{line}\n".encode())
        except OSError:
            self._open = False

    def step(self, line: str) -> None:
        """Say a line of progress with the seconds since the start."""
        self.say(f"  {time.monotonic() - self._began:5.1f} s  {line}")

    def fail(self, line: str) -> None:
        """Say why nothing came of it: on standard error, here or where somebody waits."""
        if self._descriptor is None:
            complain(line)
        else:
            self.say(FAILED + line)

    def detach(self) -> None:
        """Tell the waiting terminal that all is ready, and let go of it."""
        if self._descriptor is not None:
            self.say(READY)
            os.close(self._descriptor)
            self._open = False


def complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
