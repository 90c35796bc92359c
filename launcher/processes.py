"""Child processes: they do not outlive us, and are known again by more than their number."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
RUN_VARIABLE: Final = "BILLING_LAUNCHER_RUN"
_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Identity:
    """A process: its number, and its start in ticks since boot, as numbers are reused."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """Return the identity of a process that runs now, or None (a zombie does not run)."""
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        # The name in parentheses may hold spaces and parentheses: fields count from the last.
        fields = text.rpartition(")")[2].split()
        return None if fields[0] in {"Z", "X"} else cls(pid, int(fields[19]))

    def runs(self) -> bool:
        return Identity.of(self.pid) == self

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process is gone or its number is another's."""
        if self.runs():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass
            except PermissionError:
                pass


def boot_id() -> str:
    """Return what changes at every boot: process numbers of another boot mean nothing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Program:
    """A long-running child: command line, environment, log, and how it is ended.

    `workplace` is a folder in which it and its children run, and nothing else by its name.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0
    workplace: Path | None = None


def spawn(program: Program, *, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a program in its own session, with its output appended to its log.

    The kernel sends it the stop signal when we die, even by SIGKILL. Call this from the main
    thread: the kernel means the death of the thread, not of the process.
    """
    parent = os.getpid()
    number = int(program.stop_signal)

    def follow_parent() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    log = os.open(program.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        return subprocess.Popen(
            program.command,
            cwd=cwd,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=follow_parent,  # noqa: PLW1509 - no threads here; only the child can ask
        )
    finally:
        os.close(log)


def kill_left(leader: int, program: Program) -> None:
    """Kill what a child of ours left: of the session that it led, and in its workplace."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    if program.workplace is not None:
        kill_in(program.workplace, program.name)


def kill_in(workplace: Path, name: str) -> None:
    """Kill the processes of this name that run in a folder; return when none is left.

    Postgres's children lead sessions of their own, overwrite their environment, and one that waits
    for a lock of a killed sibling never ends: while it holds the shared memory, no other starts.
    """
    left = [
        identity
        for pid in _numbers()
        if _runs_in(pid, workplace, name) and (identity := Identity.of(pid)) is not None
    ]
    for identity in left:
        identity.signal(signal.SIGKILL)
    wait_until(lambda: not any(one.runs() for one in left), seconds=5.0)


def _numbers() -> list[int]:
    """Return the numbers of all processes but this one."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [number for number in numbers if number != os.getpid()]


def _runs_in(pid: int, workplace: Path, name: str) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        named = (process / "comm").read_text().strip() == name
        return named and (process / "cwd").readlink() == workplace
    except OSError:  # it is gone, or another user's
        return False


def stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """End a child: kindly, after `stop_seconds` by force; and what it left behind."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
        try:
            process.wait(program.stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    kill_left(process.pid, program)


def of_run(token: str) -> list[Identity]:
    """Return the processes that carry this run's token in their environment: surely ours."""
    if not token:
        return []
    mark = f"{RUN_VARIABLE}={token}".encode()
    found: list[Identity] = []
    for pid in _numbers():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if mark in environment.split(b"\0"):
            identity = Identity.of(pid)
            if identity is not None:
                found.append(identity)
    return found


def wait_until(done: Callable[[], bool], *, seconds: float, pause: float = 0.05) -> bool:
    """Try until it holds or the time is over; return whether it held."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True


def end_all(leftovers: Sequence[Identity], *, seconds: float = 10.0) -> None:
    """End processes that are not our children: SIGTERM, then SIGKILL."""
    for identity in leftovers:
        identity.signal(signal.SIGTERM)
    if not wait_until(lambda: not any(one.runs() for one in leftovers), seconds=seconds):
        for identity in leftovers:
            identity.signal(signal.SIGKILL)
        wait_until(lambda: not any(one.runs() for one in leftovers), seconds=5.0)
