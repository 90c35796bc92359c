"""What runs on a data folder: a lock that dies with its holder, and a note of the processes."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher import processes, storage
from launcher.paths import DataFolder
from launcher.processes import Identity

DATABASES = ("postgres", "valkey")


class Lock:
    """Held by the one process that may start servers here; the kernel frees it at its death."""

    def __init__(self, folder: DataFolder) -> None:
        self._path = folder.lock
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the lock; return False if another process holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_held(folder: DataFolder) -> bool:
    """Return whether some process runs the folder now."""
    if not folder.lock.exists():
        return False
    lock = Lock(folder)
    taken = lock.take()
    lock.release()
    return not taken


@dataclass(slots=True)
class RunState:
    """The note: written at every change, so that it is true also after SIGKILL."""

    folder: DataFolder
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    supervisor: Identity | None = None
    children: dict[str, Identity] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def write(self) -> None:
        content = {
            "token": self.token,
            "boot": processes.boot_id(),
            "supervisor": _plain(self.supervisor),
            "children": {name: _plain(one) for name, one in self.children.items()},
            "facts": self.facts,
        }
        storage.write(self.folder.run, content)

    def forget(self) -> None:
        self.folder.run.unlink(missing_ok=True)


def _plain(identity: Identity | None) -> list[int] | None:
    return None if identity is None else [identity.pid, identity.started]


def _identity(plain: Any) -> Identity | None:
    if isinstance(plain, list) and len(plain) == 2 and all(type(part) is int for part in plain):
        return Identity(plain[0], plain[1])
    return None


def read(folder: DataFolder) -> RunState | None:
    """Return the note of a run since this boot, or None."""
    content = storage.read(folder.run)
    if not content or content.get("boot") != processes.boot_id():
        return None
    children = {
        name: identity
        for name, plain in content.get("children", {}).items()
        if (identity := _identity(plain)) is not None
    }
    return RunState(
        folder,
        token=str(content.get("token", "")),
        supervisor=_identity(content.get("supervisor")),
        children=children,
        facts=dict(content.get("facts", {})),
    )


def clean_up(folder: DataFolder) -> list[str]:
    """End what a killed supervisor left, and return the names of what still ran.

    Call it while holding the lock. Only processes of that run are ended: they are known by number
    and start time, or by the run's token in their environment.
    """
    left = read(folder)
    if left is None:
        return []
    running = [name for name, one in left.children.items() if one.runs()]
    databases = [left.children[name] for name in DATABASES if name in left.children]
    kin = {*processes.of_run(left.token), *left.children.values()} - set(databases)
    processes.end_all([one for one in kin if one.runs()])
    for one in databases:
        one.signal(signal.SIGINT)  # both take it as: finish at once, but in order
    if not processes.wait_until(lambda: not any(one.runs() for one in databases), seconds=30.0):
        processes.end_all(databases)
    left.forget()
    return running


def stray_postgres(data: Path) -> Identity | None:
    """Return a postmaster that still runs on this very folder, although no note tells of it."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, IndexError):
        return None
    return Identity.of(pid) if str(data.resolve()).encode() in command else None
