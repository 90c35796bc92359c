"""The complete system on one data folder: what `bin/up` runs, and benchmarks and fault tests too.

with Stack(folder, port=None) as stack:   # a free port
    requests to stack.url, kills by stack.pids["web"]
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from launcher import (
    databases,
    django_steps,
    environment,
    ports,
    processes,
    readiness,
    runstate,
    secret_store,
    server_start,
    services,
    unchanged,
)
from launcher.backoff import Backoff
from launcher.console import Console
from launcher.errors import LaunchError
from launcher.logs import last_lines
from launcher.paths import ROOT, DataFolder
from launcher.processes import Identity, Program
from launcher.stripe_sandbox import StripeSandbox

PRODUCTION: Final = "config.settings.prod"
READY_SECONDS: Final = 90.0
STOP_ORDER: Final = ("web", "beat", "courier", "worker", "stripe", "valkey", "postgres")
APPLICATION: Final = frozenset({"web", "worker", "beat"})


@dataclass(slots=True)
class Child:
    """A program that must run, the process that it is now, and when it is tried again."""

    program: Program
    process: subprocess.Popen[bytes]
    began: float
    backoff: Backoff = field(default_factory=Backoff)
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What to run and how.

    `port` None means a free one; `parts` are those of web, worker (with it the courier) and beat
    to run; `durable` may be off for throw-away data only; `stripe_sandbox` runs a stand-in for
    Stripe beside; `extra` is added to the environment of Django's processes; `environ` says
    whether servers are given (default: the caller's environment).
    """

    port: int | None = None
    workers: int = 2
    durable: bool = True
    stripe_sandbox: bool = False
    parts: frozenset[str] = APPLICATION
    extra: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


class AlreadyRuns(LaunchError):
    """Another process runs this data folder."""


class Stack:
    """Databases, web, worker, beat: `start` returns when they are ready, `stop` ends them all."""

    def __init__(
        self,
        folder: DataFolder | Path,
        options: Options | None = None,
        *,
        console: Console | None = None,
    ) -> None:
        """Describe a stack; nothing starts yet."""
        self.folder = folder if isinstance(folder, DataFolder) else DataFolder(Path(folder))
        self.options = options or Options()
        self.port = ports.choose() if self.options.port is None else self.options.port
        self.children: dict[str, Child] = {}
        self.console = console or Console.silent()
        self._lock = runstate.Lock(self.folder)
        self.state = runstate.RunState(self.folder)
        wanted, environ = self.options.stripe_sandbox, self.options.environ
        self.stripe = StripeSandbox.planned(self.folder, environ) if wanted else None
        self.secrets: secret_store.Secrets
        self.databases: databases.Databases

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    @property
    def pids(self) -> dict[str, int]:
        """The processes by name: postgres, valkey, web, worker, beat (those that are ours)."""
        return {name: child.process.pid for name, child in self.children.items()}

    @property
    def mark(self) -> dict[str, str]:
        """What our children carry in their environment, so that they are known as ours."""
        return {processes.RUN_VARIABLE: self.state.token}

    @property
    def superuser_url(self) -> str:
        """The database as `postgres`. Raises LaunchError if the server is not ours."""
        if self.databases.postgres is None:
            raise LaunchError("The database was given by DATABASE_URL: we have no superuser there.")
        return self.databases.postgres.url("postgres")

    def environment(self, settings: str = PRODUCTION) -> dict[str, str]:
        """Return the environment in which Django's processes of this stack run."""
        ours = environment.for_django(
            self.options.environ,
            data=self.folder.root,
            secrets=self.secrets,
            addresses=self.databases.addresses,
            settings=settings,
        )
        stripe = self.stripe.settings if self.stripe else {}
        return {**ours, "BILLING_PORT": str(self.port), **stripe, **self.options.extra}

    def start(self) -> None:
        """Start all; return when /readyz says so. On LaunchError all that began is ended."""
        try:
            self.start_databases()
            self.migrate()
            if self.options.parts:
                self.start_application()
                self.wait_until_ready()
                self.start_rest()
        except BaseException:
            self.stop()
            raise

    def start_databases(self) -> None:
        """Take the folder and start Postgres and Valkey. Raises AlreadyRuns or LaunchError."""
        self.folder.make()
        # A passing look at the lock (--status) holds it for an instant.
        if not processes.wait_until(self._lock.take, seconds=0.5):
            raise AlreadyRuns(f"{self.folder.root} is in use by another process.")
        for name in runstate.clean_up(self.folder):
            self.console.step(f"Ended {name}, left by a start that was killed.")
        if "web" in self.options.parts and not ports.is_free(self.port):
            raise LaunchError(taken(self.port))
        self.secrets = secret_store.load_or_make(self.folder)
        self.databases = databases.plan(
            self.folder,
            self.secrets,
            self.options.environ,
            workers=self.options.workers,
            durable=self.options.durable,
        )
        self.state.supervisor = Identity.of(os.getpid())
        self.state.facts["stage"] = "starting"
        if "web" in self.options.parts:
            self.state.facts |= {"port": self.port, "url": self.url}
        if self.stripe is not None:
            self.state.facts["stripe"] = self.stripe.settings
        self.state.write()
        server_start.start_valkey(self.databases, self.folder, self.run)
        server_start.start_postgres(self.databases, self.folder, self.run, self.console)
        addresses = self.databases.addresses
        self.state.facts["addresses"] = {
            "database": addresses.database,
            "migrate_database": addresses.migrate_database,
            "redis": addresses.redis,
        }
        self.state.write()

    def migrate(self, *, always: bool = False) -> None:
        """Apply migrations as the owner; meanwhile collect static files. Each only if they changed.

        `always` is for when /readyz finds the database behind all the same.
        """
        env, logs = {**self.environment(), **self.mark}, self.folder.logs
        migrate = None
        own = self.databases.postgres is not None
        if always or not own or not unchanged.are_migrated(self.folder):
            self.console.step("Applying migrations.")
            owner = environment.for_migrations(env)
            migrate = django_steps.begin("migrate", "--noinput", environment=owner, folder=logs)
        if "web" in self.options.parts and not unchanged.are_collected(self.folder):
            self.console.step("Collecting static files.")
            collect = django_steps.begin(
                "collectstatic", "--noinput", "--clear", environment=env, folder=logs
            )
            collect.finish()
            unchanged.note_collected(self.folder)
        if migrate is not None:
            migrate.finish()
            unchanged.note_migrated(self.folder)

    def start_application(self) -> None:
        """Start web and worker: courier and beat have nothing to do before they are ready, and
        would take them the processor for as long as each of them loads.
        """
        env, log, parts = self.environment(), self.folder.log, self.options.parts
        self.console.step(f"Starting {' and '.join(sorted(parts - {'beat'}))}.")
        if self.stripe is not None:
            self.run(self.stripe.program(self.url))
        if "worker" in parts:
            self.run(services.worker(environment=env, log=log("worker")))
        if "web" in parts:
            workers = self.options.workers
            self.run(services.web(port=self.port, workers=workers, environment=env, log=log("web")))

    def start_rest(self) -> None:
        """Start courier and beat."""
        env, log, parts = self.environment(), self.folder.log, self.options.parts
        if "worker" in parts:
            self.run(services.courier(environment=env, log=log("courier")))
        if "beat" in parts:
            schedule = self.folder.beat_schedule
            self.run(services.beat(schedule=schedule, environment=env, log=log("beat")))

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait for /readyz. Raises LaunchError naming the check that failed and the log."""
        if "web" not in self.options.parts:
            return
        host = readiness.host_to_name(self.environment().get("ALLOWED_HOSTS", ""))
        deadline, said, migrated = time.monotonic() + seconds, "", False
        while not (answer := readiness.ask(self.port, host=host)).ready:
            self._raise_if_ended()
            if "migrations" in answer.failing and not migrated:
                self.migrate(always=True)
                migrated = True
            if answer.reason() != said:
                said = answer.reason()
                self.console.step(f"Waiting: {said}.")
            if time.monotonic() > deadline:
                suspect = "worker" if "worker" in answer.failing else "web"
                raise LaunchError(
                    f"Not ready after {seconds:.0f} s ({said}): see {self.folder.log(suspect)}."
                )
            time.sleep(0.1)
        self.state.facts["stage"] = "ready"
        self.state.write()

    def _raise_if_ended(self) -> None:
        for name, child in self.children.items():
            if child.process.poll() is not None:
                log = child.program.log
                reason = (last_lines(log, 1) or ["it said nothing"])[-1]
                raise LaunchError(f"{name} ended while it started ({reason}): see {log}.")

    def run(self, program: Program) -> Child:
        """Start a program, or start it again, and note its process."""
        marked = {**program.environment, **self.mark}
        process = processes.spawn(replace(program, environment=marked), cwd=ROOT)
        child = self.children.get(program.name)
        if child is None:
            child = self.children[program.name] = Child(program, process, time.monotonic())
        child.process, child.began, child.retry_at = process, time.monotonic(), None
        identity = Identity.of(process.pid)
        if identity is not None:
            self.state.children[program.name] = identity
        self.state.write()
        return child

    def stop(self) -> None:
        """End all in order, so that no part loses what it works with; then give the folder free."""
        for name in STOP_ORDER:
            child = self.children.pop(name, None)
            if child is not None:
                self.console.step(f"Stopping {name}.")
                processes.stop(child.process, child.program)
        if self._lock.held:
            processes.end_all(processes.of_run(self.state.token))
            self.state.forget()
            self._lock.release()


def taken(port: int) -> str:
    return f"Port {port} is taken by another program: end it, or choose another with --port."
