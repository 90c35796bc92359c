"""Starting Postgres and Valkey, and saying in one line why they do not start."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Protocol

from launcher import databases, postgres, processes
from launcher.console import Console
from launcher.databases import Databases
from launcher.errors import LaunchError
from launcher.logs import last_lines
from launcher.paths import DataFolder
from launcher.processes import Program

ANSWER_SECONDS = 60.0
# A server that was killed can hold its folder for some seconds more.
HELD_SECONDS = 15.0


class Started(Protocol):
    """What the one who starts programs gives back."""

    process: subprocess.Popen[bytes]


def start_valkey(planned: Databases, folder: DataFolder, run: Callable[[Program], Started]) -> None:
    """Start our Valkey, or see that the given one answers. Raises LaunchError."""
    server = planned.valkey
    if server is None:
        databases.check_given_redis(planned.addresses.redis)
        return
    server.prepare()
    log = folder.log("valkey")
    process = run(server.program(log)).process
    processes.wait_until(
        lambda: server.answers() or process.poll() is not None, seconds=30.0, pause=0.02
    )
    if process.poll() is not None or not server.answers():
        reason = (last_lines(log, 1) or ["no reason given"])[-1]
        raise LaunchError(
            f"Valkey does not start on {folder.valkey} ({reason}): see {log}; "
            "move the folder away to begin with an empty queue."
        )


def start_postgres(
    planned: Databases, folder: DataFolder, run: Callable[[Program], Started], console: Console
) -> None:
    """Start our Postgres with its roles, or see that the given one takes us. Raises LaunchError."""
    server = planned.postgres
    if server is None:
        databases.check_given_postgres(planned.addresses.migrate_database)
        return
    first = not (server.data / "PG_VERSION").exists()
    console.step("Making the database." if first else "Starting the database.")
    databases.end_stray(server)
    program = server.program(server.prepare(), folder.log("postgres"))
    _wait_for(server, program, run)
    server.make_roles()


def _wait_for(
    server: postgres.Postgres, program: Program, run: Callable[[Program], Started]
) -> None:
    began = time.monotonic()
    process = run(program).process
    while True:
        asked = server.psql("SELECT 1")
        if asked.returncode == 0:
            return
        waited = time.monotonic() - began
        if process.poll() is not None:
            if not postgres.still_held(program.log) or waited > HELD_SECONDS:
                raise LaunchError(postgres.explain_failure(server.data, program.log))
            time.sleep(0.5)
            process = run(program).process
        elif "password authentication failed" in asked.stderr:
            raise LaunchError(
                f"The database in {server.data} was made with other secrets than those that are "
                "kept beside it: put back the secrets.json that belongs to it."
            )
        elif waited > ANSWER_SECONDS:
            raise LaunchError(
                f"Postgres does not answer after {ANSWER_SECONDS:.0f} s: see {program.log}."
            )
        time.sleep(0.05)
