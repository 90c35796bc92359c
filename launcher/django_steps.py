"""Django's commands that a start runs once: each in a process of its own, with its own log."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher import logs, processes
from launcher.errors import LaunchError
from launcher.paths import ROOT
from launcher.processes import Program


@dataclass(frozen=True, slots=True)
class Step:
    """A `manage.py` command that runs now."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    def finish(self) -> None:
        """Wait for it. Raises LaunchError with what it said last, and the log's name."""
        if self.process.wait() != 0:
            raise LaunchError(f"manage.py {self.name} failed: {self.reason()} (see {self.log})")

    def reason(self) -> str:
        lines = logs.last_lines(self.log, 12)
        # Without a traceback the command itself says what is wrong, in a line or a few.
        traced = any(line.startswith("Traceback") for line in logs.last_lines(self.log, 400))
        return " | ".join(lines[-1:] if traced else lines[-4:]) or "it said nothing"


def begin(name: str, *arguments: str, environment: Mapping[str, str], folder: Path) -> Step:
    """Start `manage.py NAME …`; its output replaces the log of its last run. It dies with us."""
    log = folder / f"{name}.log"
    log.unlink(missing_ok=True)
    command = [sys.executable, "manage.py", name, *arguments]
    return Step(name, log, processes.spawn(Program(name, command, environment, log), cwd=ROOT))
