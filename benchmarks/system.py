"""A web server of two workers over the Postgres of DATABASE_URL, for one benchmark.

DATABASE_URL names a database that the benchmark may fill; its role owns it. Nothing is turned off:
the numbers are those of the settings that Postgres has, fsync among them.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import psycopg

BASE = "/api/v1/billing"
SECRET = "benchmark-only-secret-0123456789abcdef"
WORKERS = 2


@dataclass(frozen=True)
class System:
    """Where the server listens, and a token that may do everything."""

    port: int
    token: str
    database: str

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = None if body is None else json.dumps(body)
        connection.request(method, BASE + path, data, self.headers())
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if response.status >= 300:
            sys.exit(f"{method} {path}: {response.status} {content[:500]!r}")
        return json.loads(content)

    def tenant(self) -> str:
        """Make a tenant that subscribed to a plan of two charges three months ago."""
        tenant = str(self.call("POST", "/tenants", {"name": "Bench"})["id"])
        charges = [
            {"metricType": name, "model": "PER_UNIT", "unitPrice": "0.001"}
            for name in ("API_CALLS", "ML_INFERENCE_REQUESTS")
        ]
        plan = {
            "code": f"bench-{uuid4().hex[:8]}",
            "name": "Bench",
            "currency": "USD",
            "interval": "MONTH",
            "price": "10.00",
            "charges": charges,
        }
        self.call("POST", "/plans", plan)
        start = (datetime.now(UTC) - timedelta(days=20)).isoformat()  # noqa: TID251
        body = {"planId": plan["code"], "startAt": start}
        self.call("POST", f"/tenants/{tenant}/subscriptions", body)
        return tenant

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.database, autocommit=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def token() -> str:
    claims = {
        "sub": str(uuid4()),
        "roles": ["billing_admin"],
        "exp": int(time.time()) + 86_400,  # noqa: TID251
    }
    return jwt.encode(claims, SECRET, algorithm="HS256")


def environment(data: str, settings: str, database: str) -> dict[str, str]:
    return {
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        **os.environ,
        "DATABASE_URL": database or os.environ["DATABASE_URL"],
        "DJANGO_SETTINGS_MODULE": settings,
        "SECRET_KEY": SECRET,
        "JWT_SECRET": SECRET,
        "BILLING_DATA_DIR": data,
        "LOG_LEVEL": "ERROR",
    }


@contextmanager
def running(settings: str = "config.settings.prod", *, database: str = "") -> Iterator[System]:
    """Migrate, collect static files, start, wait, and end the server afterwards.

    The database is that of DATABASE_URL where none is named.
    """
    with tempfile.TemporaryDirectory() as data:
        given = environment(data, settings, database)
        for command in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"]):
            subprocess.run([sys.executable, "manage.py", *command], env=given, check=True)
        from launcher.services import web  # noqa: PLC0415 — its command line is what we measure

        port = free_port()
        program = web(port=port, workers=WORKERS, environment=given, log=Path(data) / "web.log")
        with subprocess.Popen(program.command, env=program.environment) as process:
            try:
                wait(port)
                yield System(port, token(), given["DATABASE_URL"])
            finally:
                process.terminate()
                process.wait(30)


def wait(port: int) -> None:
    for _ in range(1_200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("The server did not start.")
