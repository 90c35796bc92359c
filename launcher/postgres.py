"""Our own Postgres: made, configured, started, with a role that owns and a role that serves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from launcher import binaries, capacity, logs, privileges
from launcher.errors import LaunchError
from launcher.ports import HOST
from launcher.processes import Program
from launcher.secret_store import Secrets

MAJOR: Final = "18"
DATABASE: Final = "billing"
OWNER: Final = "billing_owner"
APP: Final = "billing_app"
HBA: Final = f"host all all {HOST}/32 scram-sha-256\n"


def render_config(*, port: int, durable: bool = True, connections: int = 100, disk: int = 0) -> str:
    """Return the settings that differ from initdb's. Not durable is for throw-away servers only.

    `disk`: the size of the disk that it is on, in mebibytes.
    """
    switch = "on" if durable else "off"
    # Throw-away servers stand side by side, with little in each.
    shared = capacity.shared_buffers(capacity.total_mebibytes()) if durable else 256
    log = capacity.write_ahead_log(disk if durable else 0)
    return f"""# Written at every start; changes belong in postgresql.conf.
listen_addresses = '{HOST}'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = {connections}
shared_buffers = '{shared}MB'
effective_cache_size = '{shared * 2}MB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
random_page_cost = 1.1
jit = off
fsync = {switch}
synchronous_commit = {switch}
full_page_writes = {switch}
max_wal_size = '{log}MB'
min_wal_size = '256MB'
checkpoint_timeout = '15min'
checkpoint_completion_target = 0.9
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %u '
log_min_duration_statement = '5s'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
idle_in_transaction_session_timeout = '10min'
"""


def render_roles(secrets: Secrets) -> str:
    """Return SQL that brings the roles to what they must be, from whatever they were."""
    return "\n".join(
        [
            *(
                f"SELECT 'CREATE ROLE {role} LOGIN' WHERE NOT EXISTS "
                f"(SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec"
                for role in (OWNER, APP)
            ),
            f"ALTER ROLE {OWNER} LOGIN NOSUPERUSER PASSWORD '{secrets.owner_password}';",
            (
                f"ALTER ROLE {APP} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE "
                f"PASSWORD '{secrets.app_password}';"
            ),
            (
                f"SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER}' WHERE NOT EXISTS "
                f"(SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec"
            ),
            f"\\connect {DATABASE}",
            "SET client_min_messages = warning;",
            "CREATE EXTENSION IF NOT EXISTS btree_gist;",
            f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
            f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APP};",
            f"ALTER SCHEMA public OWNER TO {OWNER};",
            f"GRANT USAGE ON SCHEMA public TO {APP};",
            (
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public "
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};"
            ),
            (
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public "
                f"GRANT USAGE, SELECT ON SEQUENCES TO {APP};"
            ),
            "",
        ]
    )


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server in one folder, on one port of loopback."""

    data: Path
    port: int
    secrets: Secrets
    durable: bool = True
    connections: int = 100

    def url(self, role: str) -> str:
        """Return the URL of our database for `postgres`, the owner or the serving role."""
        password = {
            "postgres": self.secrets.postgres_password,
            OWNER: self.secrets.owner_password,
            APP: self.secrets.app_password,
        }[role]
        return f"postgresql://{role}:{password}@{HOST}:{self.port}/{DATABASE}"

    def prepare(self) -> privileges.Runner:
        """Make the data folder if there is none, and write the configuration.

        Raises LaunchError if it cannot be made, or is another version's or broken.
        """
        runner = privileges.runner(binaries.postgres_home(), self.data)
        version = self.data / "PG_VERSION"
        if not version.exists():
            self._initdb(runner)
        elif (found := version.read_text().strip()) != MAJOR:
            raise LaunchError(
                f"The database in {self.data} is of Postgres {found or '?'}, ours is {MAJOR}: "
                f"move it away and restore a dump, or give DATABASE_URL of a server {found or ''}."
            )
        for name, content in (
            (
                "billing.conf",
                render_config(
                    port=self.port,
                    durable=self.durable,
                    connections=self.connections,
                    disk=capacity.disk_mebibytes(self.data),
                ),
            ),
            ("pg_hba.conf", HBA),
        ):
            file = self.data / name
            file.write_text(content)
            file.chmod(0o600)
            runner.hand_over(file)
        return runner

    def _initdb(self, runner: privileges.Runner) -> None:
        if self.data.is_dir() and any(self.data.iterdir()):
            raise LaunchError(
                f"{self.data} is not a database (PG_VERSION is missing): restore it from a copy, "
                "or move it away to begin anew."
            )
        with tempfile.NamedTemporaryFile("w", prefix="billing-", suffix=".pw") as password:
            password.write(self.secrets.postgres_password)
            password.flush()
            runner.hand_over(Path(password.name))
            arguments = [
                *("-D", str(self.data.resolve()), "-U", "postgres", "-E", "UTF8"),
                f"--pwfile={password.name}",
                *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                # Passwords are random, and tests connect thousands of times.
                *([] if self.durable else ["--no-sync", "--set=scram_iterations=1"]),
            ]
            made = subprocess.run(
                runner.command("initdb", *arguments),
                env=plain_environment(),
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
        if made.returncode != 0:
            for left in self.data.iterdir() if self.data.is_dir() else ():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            reason = (made.stderr.strip() or made.stdout.strip()).splitlines()[-1:]
            raise LaunchError(f"The database cannot be made in {self.data}: {' '.join(reason)}")
        with (self.data / "postgresql.conf").open("a") as config:
            config.write("include_if_exists 'billing.conf'\n")

    def program(self, runner: privileges.Runner, log: Path) -> Program:
        return Program(
            name="postgres",
            command=runner.command("postgres", "-D", str(self.data.resolve())),
            environment=plain_environment(),
            log=log,
            stop_signal=signal.SIGINT,
            stop_seconds=60.0,
            workplace=self.data.resolve(),
        )

    def psql(self, sql: str, *, database: str = "postgres") -> subprocess.CompletedProcess[str]:
        """Run SQL as the superuser, given by standard input: command lines are for all to read."""
        return subprocess.run(
            [
                str(binaries.postgres_home() / "bin" / "psql"),
                *("-XqAt", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p", str(self.port)),
                *("-U", "postgres", "-d", database),
            ],
            input=sql,
            env={**plain_environment(), "PGPASSWORD": self.secrets.postgres_password},
            capture_output=True,
            text=True,
            check=False,
        )

    def make_roles(self) -> None:
        """Bring roles, database and extension to what they must be. Raises LaunchError."""
        done = self.psql(render_roles(self.secrets))
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
            raise LaunchError(f"The database's roles cannot be made: {reason}")


def explain_failure(data: Path, log: Path) -> str:
    """Return one line for a server that ended while it started, from the end of its log."""
    fatal = [line for line in logs.last_lines(log, 40) if "FATAL:" in line or "PANIC:" in line]
    reason = fatal[-1].partition(":  ")[2] if fatal else "it ended without a word"
    return (
        f"Postgres does not start on {data} ({reason}): see {log}; "
        "restore the folder from a copy, or move it away to begin anew."
    )


def still_held(log: Path) -> bool:
    """Return whether the last start failed because an earlier server is still on its way out."""
    text = "\n".join(logs.last_lines(log, 6))
    return any(
        sign in text
        for sign in ("postmaster.pid", "pre-existing shared memory", "could not bind", "in use")
    )


def plain_environment() -> dict[str, str]:
    """Return an environment without the caller's PG* variables, which libpq would follow."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C",
        "TZ": "UTC",
    }
