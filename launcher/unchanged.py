"""What a start may skip: static files and migrations that have not changed since the last one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from launcher import storage
from launcher.paths import ROOT, DataFolder


def fingerprint(root: Path = ROOT) -> str:
    """Return a digest of the lock and of every static file of our own (path, size, time)."""
    files = [
        file
        for folder in (root / "static", *root.glob("[!.]*/static"))
        for file in folder.rglob("*")
        if file.is_file()
    ]
    return _digest(root, files)


def migrations_fingerprint(root: Path = ROOT) -> str:
    """Return a digest of the lock and of every migration of our own (path, size, time)."""
    return _digest(root, list(root.glob("[!.]*/migrations/*.py")))


def _digest(root: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    lock = root / "requirements.lock"
    digest.update(lock.read_bytes() if lock.exists() else b"")
    for file in sorted(files):
        status = file.stat()
        line = f"{file.relative_to(root)} {status.st_size} {status.st_mtime_ns}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def are_migrated(folder: DataFolder) -> bool:
    """Return whether this folder's database had all of these migrations at the last start.

    It may have been put back from a copy since: /readyz looks into the database itself.
    """
    return storage.read(folder.root / "migrated.json").get("as") == migrations_fingerprint()


def note_migrated(folder: DataFolder) -> None:
    storage.write(folder.root / "migrated.json", {"as": migrations_fingerprint()})


def are_collected(folder: DataFolder) -> bool:
    stamp = folder.static / ".fingerprint"
    manifest = folder.static / "staticfiles.json"
    return manifest.exists() and stamp.exists() and stamp.read_text() == fingerprint()


def note_collected(folder: DataFolder) -> None:
    (folder.static / ".fingerprint").write_text(fingerprint())
