"""Static files are collected again only when they, or the packages that bring them, changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from launcher.paths import ROOT, DataFolder


def fingerprint(root: Path = ROOT) -> str:
    """Return a digest of the lock and of every static file of our own (path, size, time)."""
    digest = hashlib.sha256()
    lock = root / "requirements.lock"
    digest.update(lock.read_bytes() if lock.exists() else b"")
    for folder in sorted([root / "static", *root.glob("*/static")]):
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                status = file.stat()
                line = f"{file.relative_to(root)} {status.st_size} {status.st_mtime_ns}\n"
                digest.update(line.encode())
    return digest.hexdigest()


def are_collected(folder: DataFolder) -> bool:
    stamp = folder.static / ".fingerprint"
    manifest = folder.static / "staticfiles.json"
    return manifest.exists() and stamp.exists() and stamp.read_text() == fingerprint()


def note_collected(folder: DataFolder) -> None:
    (folder.static / ".fingerprint").write_text(fingerprint())
