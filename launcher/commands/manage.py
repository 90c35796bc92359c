"""`bin/manage`: Django's commands in the environment and on the data folder of `bin/up`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from launcher import doctor, environment, processes, runstate, secret_store, stripe_sandbox
from launcher.environment import Addresses
from launcher.errors import LaunchError
from launcher.paths import ROOT, DataFolder, chosen_data_dir
from launcher.stack import PRODUCTION, Options, Stack
from launcher.supervisor import Stopped, heed_signals

# These work on the code alone, so no database is started for them.
WITHOUT_DATABASE: Final = frozenset(
    {"check", "collectstatic", "compilemessages", "findstatic", "help", "makemessages"}
    | {"makemigrations", "spectacular", "startapp", "test", "token", "version", "--help"}
    | {"--version", "-h"}
)
# These change tables, which the serving role may not.
AS_OWNER: Final = frozenset({"migrate", "flush", "sqlflush", "createcachetable", "dbshell"})
WAIT_SECONDS: Final = 60.0


def split(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Return a leading --data-dir and the rest. Raises LaunchError if its value is missing."""
    if arguments[:1] and arguments[0].startswith("--data-dir="):
        return arguments[0].partition("=")[2], arguments[1:]
    if arguments[:1] != ["--data-dir"]:
        return None, arguments
    if len(arguments) < 2:
        raise LaunchError("--data-dir needs a folder: bin/manage --data-dir DIR COMMAND …")
    return arguments[1], arguments[2:]


def main(arguments: list[str]) -> int:
    option, rest = split(arguments)
    folder = DataFolder(chosen_data_dir(option))
    folder.refuse_strangers()
    command = rest[0] if rest else "help"
    if command == "doctor":
        return examine(folder, rest[1:])
    needs_database = command not in WITHOUT_DATABASE and not {"--help", "-h"} & set(rest)
    given = environment.given_addresses(os.environ)
    if not needs_database or (given[0] and given[2]):
        return run(rest, base_environment(folder, Addresses(*given)))
    running = running_addresses(folder)
    if running is not None:
        stripe = stripe_sandbox.of_running(folder)
        return run(rest, {**base_environment(folder, running), **stripe})
    return run_with_servers(folder, rest)


def examine(folder: DataFolder, arguments: list[str]) -> int:
    """Say what is wrong: first what needs no Django, then what only Django can see."""
    worst = doctor.report(doctor.examine(folder))
    kept = secret_store.load(folder.secrets) if folder.exists() else None
    if kept is None:
        return worst
    given = environment.given_addresses(os.environ)
    state = runstate.read(folder) if runstate.is_held(folder) else None
    if state is None and not (given[0] and given[2]):
        stack = Stack(folder, Options(parts=frozenset()))
        try:
            stack.start_databases()
            return max(worst, run(["doctor", *arguments], stack.environment()))
        except LaunchError as error:
            return doctor.report([doctor.Finding(doctor.FAIL, "database", str(error))])
        finally:
            stack.stop()
    addresses = Addresses(*given) if state is None else addresses_of(state)
    if addresses is None:
        return max(worst, 1)
    env = base_environment(folder, addresses)
    if state is not None:
        env["BILLING_WEB_URL"] = str(state.facts.get("url", ""))
    return max(worst, run(["doctor", *arguments], env))


def base_environment(folder: DataFolder, addresses: Addresses) -> dict[str, str]:
    """Return the environment for a command; without a database, addresses that lead nowhere."""
    kept = secret_store.load(folder.secrets) if folder.exists() else None
    if kept is None and not (os.environ.get("SECRET_KEY") and os.environ.get("JWT_SECRET")):
        folder.make()
        kept = secret_store.load_or_make(folder)
    nowhere = Addresses(
        addresses.database or "postgresql://nobody@127.0.0.1:9/none",
        addresses.migrate_database or "postgresql://nobody@127.0.0.1:9/none",
        addresses.redis or "redis://127.0.0.1:9/0",
    )
    return environment.for_django(
        os.environ,
        data=folder.root,
        secrets=kept or secret_store.Secrets.fresh(),
        addresses=nowhere,
        settings=os.environ.get("DJANGO_SETTINGS_MODULE") or PRODUCTION,
    )


def addresses_of(state: runstate.RunState) -> Addresses | None:
    known = state.facts.get("addresses")
    return Addresses(**known) if isinstance(known, dict) else None


def running_addresses(folder: DataFolder) -> Addresses | None:
    """Return the addresses of what runs on the folder; None if nothing does.

    Waits for a start that is under way, and for another bin/manage that ends its own servers.
    """
    found: list[Addresses | None] = []

    def known() -> bool:
        if not folder.exists() or not runstate.is_held(folder):
            return True
        state = runstate.read(folder)
        # A run without a port belongs to another bin/manage: its servers end with it.
        if state is None or "port" not in state.facts:
            return False
        found.append(addresses_of(state))
        return found[-1] is not None

    if not processes.wait_until(known, seconds=WAIT_SECONDS, pause=0.2):
        raise LaunchError(
            f"{folder.root} is in use by another bin/manage: wait until it has ended."
        )
    return found[-1] if found else None


def run(arguments: list[str], env: Mapping[str, str]) -> int:
    """Run `manage.py …` on the caller's terminal; as the owner where tables change."""
    if arguments and arguments[0] in AS_OWNER:
        env = environment.for_migrations(env)
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=dict(env), check=False
    )
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def run_with_servers(folder: DataFolder, arguments: list[str]) -> int:
    """Start the servers for this command alone, quietly, and end them after it."""
    heed_signals(hangup=True)
    stack = Stack(folder, Options(parts=frozenset()))
    try:
        stack.start_databases()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command itself heeds Ctrl-C
        return run(arguments, stack.environment())
    except Stopped:
        return 130
    finally:
        stack.stop()
