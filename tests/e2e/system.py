"""A running system of the tests from outside: its commands, its port, its API."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


class System:
    """A clone, its data folder and its API."""

    def __init__(self, clone: Path, data: Path) -> None:
        self.clone, self.data = clone, data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.token = ""

    def command(self, *parts: str, check: bool = True) -> str:
        environment = {**os.environ, "BILLING_DATA_DIR": str(self.data)}
        done = subprocess.run(
            parts, cwd=self.clone, env=environment, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            sys.exit(f"{' '.join(parts)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def up(self, *more: str) -> float:
        started = time.monotonic()
        self.command("bin/up", "--empty", "--detach", "--port", str(self.port), *more)
        return time.monotonic() - started

    def call(self, method: str, path: str, body: Any = None, *, raw: bool = False) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                content = response.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read()[:2000]!r}")
        return content if raw else json.loads(content)

    def insist(self, method: str, path: str, body: Any) -> Any:
        """Send until it is answered: the connection may die with the process behind it."""
        for _ in range(60):
            try:
                return self.call(method, path, body)
            except (OSError, urllib.error.URLError, ConnectionError):
                time.sleep(0.5)
        sys.exit(f"{path} was never answered")
