"""What stories have in common: how each says what it saw, and a system of its own to run on."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.system import System

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 50


class Teller:
    """Says under a story's name what was seen, and ends it where that is not as wanted."""

    def __init__(self, name: str) -> None:
        self.name = name

    def say(self, text: str) -> None:
        print(f"{self.name}: {text}", flush=True)

    def require(self, what: str, seen: object, wanted: object) -> None:
        if seen != wanted:
            sys.exit(f"{self.name}: {what}: {seen!r} is not {wanted!r}")

    def wait(self, what: str, look: Callable[[], object], wanted: object) -> None:
        """Look until it is as wanted: workers take what is due within seconds, sweeps within 30."""
        until = time.monotonic() + PATIENCE_SECONDS
        while (seen := look()) != wanted:
            if time.monotonic() > until:
                sys.exit(f"{self.name}: {what}: still {seen!r}, not {wanted!r}")
            time.sleep(0.5)
        self.say(what)


def alone(run: Callable[[System], None], *options: str, teller: Teller, about: str) -> None:
    """Run a story on a system of its own, started with these options and stopped in the end."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix=f"billing-{teller.name}-"))
    system = System(ROOT, home / "data")
    try:
        teller.say(f"up in {system.up(*options):.0f} s")
        run(system)
    finally:
        system.command("bin/up", "--stop", check=False)
        if not given.keep:
            shutil.rmtree(home, ignore_errors=True)
