"""Postgres and Valkey of one run: ours, or those that the environment names."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from launcher import environment, ports, processes, runstate, services, storage, valkey
from launcher import postgres as pg
from launcher.errors import LaunchError
from launcher.paths import DataFolder
from launcher.secret_store import Secrets

PROBE = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL'], connect_timeout=5).close()"


@dataclass(frozen=True, slots=True)
class Databases:
    """What is ours is an object, what was given is None; the addresses are of either."""

    postgres: pg.Postgres | None
    valkey: valkey.Valkey | None
    addresses: environment.Addresses


def plan(
    folder: DataFolder,
    secrets: Secrets,
    environ: Mapping[str, str],
    *,
    workers: int,
    durable: bool = True,
) -> Databases:
    """Decide on ports (those of the last time, where they are free) and addresses."""
    database, owner, redis = environment.given_addresses(environ)
    kept = storage.read(folder.ports)
    postgres_port = ports.choose(last=kept.get("postgres"))
    valkey_port = ports.choose(last=kept.get("valkey"), taken=frozenset({postgres_port}))
    storage.write(folder.ports, {"postgres": postgres_port, "valkey": valkey_port})
    own_postgres = None
    if not database:
        connections = services.database_connections(workers=workers)
        own_postgres = pg.Postgres(folder.postgres, postgres_port, secrets, durable, connections)
        database, owner = own_postgres.url(pg.APP), own_postgres.url(pg.OWNER)
    own_valkey = None
    if not redis:
        own_valkey = valkey.Valkey(folder.valkey, valkey_port, secrets.valkey_password)
        redis = own_valkey.url
    return Databases(own_postgres, own_valkey, environment.Addresses(database, owner, redis))


def end_stray(server: pg.Postgres) -> None:
    """End a postmaster that still runs on our folder, started by a run that no note tells of.

    Kill what one that is gone has left behind.
    """
    stray = runstate.stray_postgres(server.data)
    if stray is not None:
        processes.end_all([stray], seconds=30.0)
    processes.kill_in(server.data.resolve(), "postgres")


def check_given_postgres(url: str) -> None:
    """Raise LaunchError if the given server does not take us."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={**pg.plain_environment(), "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        parts = urlsplit(url)
        raise LaunchError(
            f"DATABASE_URL: no connection to {parts.hostname}:{parts.port or 5432} "
            f"({reason(done.stderr)}): "
            "mend the URL or the server, or unset it to use our own."
        )


def reason(traceback: str) -> str:
    """Return what the driver's error says, without where it was raised and what it tried."""
    told = [line for line in traceback.splitlines() if line.startswith("psycopg.")]
    return told[-1].rpartition("failed: ")[2] if told else "the driver gave no reason"


def check_given_redis(url: str) -> None:
    """Raise LaunchError if the given server does not answer."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or 6379
    if parts.scheme == "rediss":
        reached = _reached_by_tls(host, port)
    else:
        reached = valkey.ping(
            host, port, unquote(parts.password or ""), username=unquote(parts.username or "")
        )
    if not reached:
        raise LaunchError(
            f"REDIS_URL: {host}:{port} does not answer, or refuses the password: "
            "mend the URL or the server, or unset it to use our own."
        )


def _reached_by_tls(host: str, port: int) -> bool:
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=5.0) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except OSError:
        return False
