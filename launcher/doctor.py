"""What is wrong with an installation, as far as it shows without Django."""

from __future__ import annotations

import hashlib
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from launcher import ports, runstate, storage, system
from launcher.paths import ROOT, DataFolder, user_name

OK: Final = "OK"
WARN: Final = "WARN"
FAIL: Final = "FAIL"
LOW_BYTES: Final = 2 * 1024**3
FULL_BYTES: Final = 200 * 1024**2


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, and the way out where it is not well."""

    level: str
    subject: str
    text: str

    def line(self) -> str:
        return f"{self.level:4}  {self.subject:12}  {self.text}"


def report(findings: Sequence[Finding]) -> int:
    """Print the findings; return 1 if one failed, else 0."""
    for finding in findings:
        print(finding.line(), flush=True)
    return int(any(finding.level == FAIL for finding in findings))


def examine(folder: DataFolder) -> list[Finding]:
    found = [python(), environment_matches_lock(), pdf_libraries(), disk(folder.root)]
    if not folder.exists():
        return [*found, Finding(WARN, "data", f"{folder.root} is not made yet: bin/up makes it")]
    return [*found, *modes(folder), *running(folder)]


def python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding(OK, "python", f"{version} ({sys.executable})")


def environment_matches_lock(root: Path = ROOT) -> Finding:
    lock, stamp = root / "requirements.lock", root / ".venv" / ".billing-stamp"
    try:
        wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
        installed = stamp.read_text().splitlines()[0]
    except (OSError, IndexError):
        return Finding(WARN, "packages", "not installed by bin/up: run it to hold them to the lock")
    if wanted != installed:
        return Finding(FAIL, "packages", "differ from requirements.lock: run bin/up")
    return Finding(OK, "packages", "as requirements.lock says")


def pdf_libraries() -> Finding:
    missing = system.missing_libraries()
    if missing:
        remedy = f"as root run apt-get install -y {system.PDF_PACKAGES}"
        return Finding(WARN, "pdf", f"{', '.join(missing)} missing, so no PDFs: {remedy}")
    return Finding(OK, "pdf", "its libraries load")


def disk(path: Path) -> Finding:
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    said = f"{free // 1024**2:,} MiB free at {path}"
    if free < FULL_BYTES:
        return Finding(FAIL, "disk", f"{said}: make room, or Postgres stops")
    return Finding(WARN if free < LOW_BYTES else OK, "disk", said)


def modes(folder: DataFolder) -> Iterator[Finding]:
    """Look at who may read the folder and its secrets."""
    status = folder.root.stat()
    if stat.S_IMODE(status.st_mode) & 0o077:
        yield Finding(FAIL, "data", f"others may read {folder.root}: chmod 700 {folder.root}")
    else:
        yield Finding(OK, "data", f"{folder.root}, of {user_name(status.st_uid)} alone")
    for file in (folder.secrets, folder.run, folder.valkey / "valkey.conf"):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Finding(FAIL, "secrets", f"others may read {file}: chmod 600 {file}")
    if folder.secrets.exists():
        yield Finding(OK, "secrets", f"kept in {folder.secrets}")
    else:
        yield Finding(WARN, "secrets", f"{folder.secrets} is not made yet: bin/up makes it")


def running(folder: DataFolder) -> Iterator[Finding]:
    """Look at what bin/up noted of its processes and ports."""
    state = runstate.read(folder) if runstate.is_held(folder) else None
    if state is None:
        yield Finding(WARN, "processes", "the system does not run: bin/up --detach starts it")
        for name, port in sorted(storage.read(folder.ports).items()):
            if isinstance(port, int) and not ports.is_free(port):
                text = f"{port}, noted for {name}, is taken: bin/up will choose another"
                yield Finding(WARN, "ports", text)
        return
    for name, child in sorted(state.children.items()):
        if child.runs():
            yield Finding(OK, name, f"runs, process {child.pid}")
        else:
            text = f"does not run; it is being started again: see {folder.log(name)}"
            yield Finding(FAIL, name, text)
