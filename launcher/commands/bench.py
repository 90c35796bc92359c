"""`bin/bench`: the benchmarks, each against its reference, on durable servers made for it.

A benchmark is a file of benchmarks/ that can be run. One that reads BENCH_URL gets the whole system
running; any other gets an empty database to fill, as its owner, and nothing that takes its cores.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from launcher import binaries, environment
from launcher.commands.first_steps import TokenStep
from launcher.console import Console
from launcher.errors import LaunchError
from launcher.paths import ROOT, DataFolder
from launcher.stack import APPLICATION, Options, Stack
from launcher.supervisor import Stopped, heed_signals

FOLDER = ROOT / "benchmarks"


def available(folder: Path = FOLDER) -> list[str]:
    return sorted(file.stem for file in folder.glob("*.py") if '"__main__"' in file.read_text())


def chosen(names: list[str]) -> list[str]:
    """Return the benchmarks to run: those named, or all. Raises LaunchError for an unknown one."""
    known = available()
    for name in names:
        if name not in known:
            raise LaunchError(f"There is no benchmark {name!r}: {', '.join(known) or 'none yet'}.")
    return names or known


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Part the names from the options, which begin with the first dash and go to each of them."""
    count = len(list(takewhile(lambda argument: not argument.startswith("-"), arguments)))
    return arguments[:count], arguments[count:]


def usage() -> str:
    """Say how it is called, and what each benchmark measures: the first line of its file."""
    lines = [
        "usage: bin/bench [NAME …] [OPTION …]",
        "",
        "Runs the benchmarks that are named, or all, each against throw-away servers of its own.",
        "Options go to each of them.",
        "",
    ]
    for name in available():
        said = (ast.get_docstring(ast.parse(sources(name))) or "").partition("\n")[0]
        about = said.removesuffix(".").removesuffix(f": `bin/bench {name}`")
        lines.append(f"  {name:11} {about}")
    return "\n".join(lines)


def sources(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text()


def main(arguments: list[str]) -> int:
    given, options = split(arguments)
    if {"-h", "--help"} & set(options):
        chosen(given)
        print(usage())
        return 0
    names = chosen(given)
    heed_signals(hangup=True)
    try:
        failed = [name for name in names if not run(name, options)]
    except Stopped:
        return 130
    print(f"\nFailed: {', '.join(failed)}" if failed else f"\nBenchmarks run: {', '.join(names)}.")
    return int(bool(failed))


def run(name: str, arguments: Sequence[str] = ()) -> bool:
    """Run one benchmark on servers of its own; return whether it ended well."""
    print(f"\n== {name}", flush=True)
    file = FOLDER / f"{name}.py"
    whole = "BENCH_URL" in file.read_text()
    clean = environment.without_settings(os.environ)
    # Beside the project, not in /tmp: that may be memory, where a sync costs nothing.
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as temporary:
        options = Options(parts=APPLICATION if whole else frozenset(), environ=clean)
        console = Console() if whole else Console.silent()
        stack = Stack(DataFolder(Path(temporary) / "data"), options, console=console)
        try:
            if whole:
                stack.start()
            else:
                stack.start_databases()
            env = bench_environment(stack, whole=whole)
            command = [sys.executable, str(file), *arguments]
            return subprocess.call(command, cwd=ROOT, env=env) == 0
        finally:
            stack.stop()


def bench_environment(stack: Stack, *, whole: bool) -> dict[str, str]:
    """Return what a benchmark finds: the system's settings, and its references' tools."""
    programs = binaries.postgres_home() / "bin"
    env = {
        **stack.environment(),
        **stack.mark,
        "PYTHONPATH": str(ROOT),
        "BENCH_SUPERUSER_URL": stack.superuser_url,
        "BENCH_PGBENCH": str(programs / "pgbench"),
        "BENCH_PSQL": str(programs / "psql"),
    }
    if whole:
        return {**env, "BENCH_URL": stack.url, "BENCH_TOKEN": TokenStep(stack).finish()}
    return environment.for_migrations(env)
