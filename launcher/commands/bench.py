"""`bin/bench`: the benchmarks, each against its reference, on a durable system made for the run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from launcher import binaries, environment
from launcher.commands.first_steps import TokenStep
from launcher.console import Console
from launcher.errors import LaunchError
from launcher.paths import ROOT, DataFolder
from launcher.stack import Options, Stack
from launcher.supervisor import Stopped, heed_signals

FOLDER = ROOT / "benchmarks"


def available() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.py") if not file.name.startswith("_"))


def chosen(names: list[str]) -> list[str]:
    """Return the benchmarks to run: those named, or all. Raises LaunchError for an unknown one."""
    known = available()
    for name in names:
        if name not in known:
            raise LaunchError(f"There is no benchmark {name!r}: {', '.join(known) or 'none yet'}.")
    return names or known


def main(arguments: list[str]) -> int:
    names = chosen(arguments)
    heed_signals(hangup=True)
    # Beside the project, not in /tmp: that may be memory, where a sync costs nothing.
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as temporary:
        folder = DataFolder(Path(temporary) / "data")
        clean = environment.without_settings(os.environ)
        stack = Stack(folder, Options(environ=clean), console=Console())
        try:
            stack.start()
            env = bench_environment(stack, TokenStep(stack).finish())
            failed = [name for name in names if not run(name, env)]
        except Stopped:
            return 130
        finally:
            stack.stop()
    print(f"Failed: {', '.join(failed)}" if failed else f"{len(names)} benchmarks done.")
    return int(bool(failed))


def bench_environment(stack: Stack, token: str) -> dict[str, str]:
    """Return what a benchmark finds: the running system's settings, its references' tools."""
    programs = binaries.postgres_home() / "bin"
    return {
        **stack.environment(),
        "PYTHONPATH": str(ROOT),
        "BENCH_URL": stack.url,
        "BENCH_TOKEN": token,
        "BENCH_SUPERUSER_URL": stack.superuser_url,
        "BENCH_PGBENCH": str(programs / "pgbench"),
        "BENCH_PSQL": str(programs / "psql"),
    }


def run(name: str, env: Mapping[str, str]) -> bool:
    print(f"\n== {name}", flush=True)
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py")], cwd=ROOT, env=dict(env), check=False
    )
    return done.returncode == 0
