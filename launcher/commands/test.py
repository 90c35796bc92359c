"""`bin/test`: every check and every test, against servers that are made for it and thrown away."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from launcher import environment
from launcher.paths import ROOT, DataFolder
from launcher.stack import PRODUCTION, Options, Stack
from launcher.supervisor import Stopped, heed_signals

TEST_SETTINGS = "config.settings.test"
NOTHING_TESTED = 5
HISTORIES_A_NIGHT = 2000


@dataclass(frozen=True, slots=True)
class Check:
    """A command that must end with code 0."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    passed: bool
    seconds: float

    def line(self) -> str:
        return f"  {'passed' if self.passed else 'FAILED'}  {self.name:18} {self.seconds:7.1f} s"


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    heed_signals(hangup=True)
    with tempfile.TemporaryDirectory(prefix="billing-test-") as temporary:
        options = Options(
            durable=False, parts=frozenset(), environ=environment.without_settings(os.environ)
        )
        stack = Stack(DataFolder(Path(temporary) / "data"), options)
        try:
            stack.start_databases()
            outcomes = run_all(stack, arguments)
        except Stopped:
            print("Stopped.")
            return 130
        finally:
            stack.stop()
    return summary(outcomes, time.monotonic() - began)


def run_all(stack: Stack, arguments: list[str]) -> list[Outcome]:
    """Run the checks, then the tests on both cores, mypy beside; with arguments, only tests.

    `nightly` are the random histories alone, many more of them.
    """
    env = test_environment(stack)
    if arguments[:1] == ["nightly"]:
        return [run_pytest(nightly(arguments[1:]), env)]
    if arguments:
        return [run_pytest(located(arguments), env)]
    production = {**stack.environment(PRODUCTION), **stack.mark, "BILLING_SECURE": "1"}
    beside = ThreadPoolExecutor(max_workers=1)
    try:
        types = beside.submit(run, Check("mypy", [sys.executable, "-m", "mypy", "."], env))
        outcomes = [run(check) for check in checks(env, production)]
        return [*outcomes, run_pytest([], env), types.result()]
    finally:  # on a signal, whoever stops the stack ends what still runs
        beside.shutdown(wait=False)


def test_environment(stack: Stack) -> dict[str, str]:
    """Return the tests' environment: a superuser's database, as each worker makes its own."""
    bin_folder = str(Path(sys.executable).parent)
    return {
        **stack.environment(TEST_SETTINGS),
        **stack.mark,
        "DATABASE_URL": stack.superuser_url,
        "MIGRATE_DATABASE_URL": stack.superuser_url,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def checks(env: Mapping[str, str], production: Mapping[str, str]) -> list[Check]:
    """Return the checks in the order in which they run, and last what the tests will copy."""
    python = [sys.executable, "-m"]
    manage = [sys.executable, "manage.py"]
    deploy = [*manage, "check", "--deploy", "--fail-level", "WARNING"]
    linter = str(Path(sys.executable).with_name("lint-imports"))
    return [
        Check("ruff check", [*python, "ruff", "check", "."], env),
        Check("ruff format", [*python, "ruff", "format", "--check", "."], env),
        Check("lint-imports", [linter], env),
        Check("migrations", [*manage, "makemigrations", "--check", "--dry-run"], env),
        Check("deploy check", deploy, production),
        Check("tests' database", [*python, "tests.database"], env),
    ]


def nightly(arguments: Sequence[str]) -> list[str]:
    """Return what pytest is asked each night: random histories, of a new seed if none is given."""
    parser = argparse.ArgumentParser(prog="bin/test nightly")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--histories", type=int, default=HISTORIES_A_NIGHT)
    given = parser.parse_args(arguments)
    print(f"bin/test nightly --histories {given.histories} --seed {given.seed}", flush=True)
    return [
        "tests/reference/test_histories.py",
        f"--histories={given.histories}",
        f"--history-seed={given.seed}",
    ]


def run(check: Check) -> Outcome:
    """Run a check to its end; show what it said if it failed."""
    began = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env=dict(check.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    outcome = Outcome(check.name, done.returncode == 0, time.monotonic() - began)
    said = "" if outcome.passed else f"\n{done.stdout.decode(errors='replace')}"
    print(outcome.line() + said, flush=True)
    return outcome


def located(arguments: list[str]) -> list[str]:
    """Return the arguments with the caller's paths made absolute, where the root has no such."""
    caller = Path(os.environ.get("BILLING_CALLER_DIR") or Path.cwd())
    found = []
    for argument in arguments:
        name, mark, rest = argument.partition("::")
        beside = caller / name
        if not argument.startswith("-") and beside.exists() and not (ROOT / name).exists():
            found.append(f"{beside.resolve()}{mark}{rest}")
        else:
            found.append(argument)
    return found


def run_pytest(arguments: list[str], env: Mapping[str, str]) -> Outcome:
    """Run pytest on the caller's terminal, on both cores unless a single test is named."""
    alone = any("::" in argument for argument in arguments)
    spread = [] if alone else ["-n", "2", "--dist", "worksteal"]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *spread, *arguments],
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode == NOTHING_TESTED:
        print("No test was run: that counts as failed.", flush=True)
    return Outcome("pytest", done.returncode == 0, time.monotonic() - began)


def summary(outcomes: Sequence[Outcome], seconds: float) -> int:
    """Print what passed and how long it took; return the exit code."""
    print()
    for outcome in outcomes:
        print(outcome.line())
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    verdict = f"FAILED: {', '.join(failed)}" if failed else "All passed"
    print(f"{verdict} in {seconds:.0f} s.", flush=True)
    return int(bool(failed))
