"""From nothing to ready: the order of a start, the first sign-in, the demo, and what is printed."""

from __future__ import annotations

import subprocess
import sys

from launcher import django_steps, storage
from launcher.console import Console
from launcher.paths import ROOT, DataFolder
from launcher.stack import Stack

TOKEN_SECONDS = 86_400


def bring_up(stack: Stack, console: Console, *, empty: bool, detached: bool) -> None:
    """Start all of it and print where it is. Raises LaunchError; the caller stops the stack."""
    stack.start_databases()
    # Every Django process costs a second of one core: the token is made while migrations run.
    token = TokenStep(stack)
    stack.migrate()
    stack.start_application()
    admin = begin_admin(stack)
    stack.wait_until_ready()
    stack.start_rest()
    if admin is not None:
        admin.finish()
        storage.write(stack.folder.root / "admin.json", {"made": True})
    load_demo(stack, console, empty=empty)
    for line in summary(stack, token.finish(), detached=detached):
        console.say(line)


def begin_admin(stack: Stack) -> django_steps.Step | None:
    """Begin to make the first sign-in, unless an earlier start of our own database did."""
    own_database = stack.databases.postgres is not None
    if own_database and storage.read(stack.folder.root / "admin.json").get("made"):
        return None
    password = {"BILLING_ADMIN_PASSWORD": stack.secrets.admin_password}
    environment = {**stack.environment(), **stack.mark, **password}
    return django_steps.begin("ensure_admin", environment=environment, folder=stack.folder.logs)


class TokenStep:
    """A token of an administrator, made meanwhile; never written to a file."""

    def __init__(self, stack: Stack) -> None:
        user = stack.secrets.first_user
        options = ("--user", user, "--role", "billing_admin", "--ttl", str(TOKEN_SECONDS))
        self._console = stack.console
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "token", *options],
            cwd=ROOT,
            env={**stack.environment(), **stack.mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> str:
        """Return the token, or "" where tokens come from another issuer."""
        out, err = self._process.communicate()
        if self._process.returncode == 0:
            return (out.strip().splitlines() or [""])[-1]
        self._console.step((err.strip().splitlines() or ["No token was made."])[-1])
        return ""


def demo_wanted(folder: DataFolder, *, empty: bool, own_database: bool) -> bool:
    """Return whether to load the demo now: only the first start of our own database decides.

    A system that was begun empty may hold real customers by now; a later start without --empty
    must not mix a demo among them.
    """
    note = folder.root / "demo.json"
    decided = storage.read(note)
    if not decided:
        decided = {"wanted": not empty and own_database, "loaded": False}
        storage.write(note, decided)
    return bool(decided.get("wanted")) and not decided.get("loaded")


def load_demo(stack: Stack, console: Console, *, empty: bool) -> None:
    """Load the demo once. A demo that fails does not end the start: it says what mends it."""
    own_database = stack.databases.postgres is not None
    if empty or not demo_wanted(stack.folder, empty=empty, own_database=own_database):
        demo_wanted(stack.folder, empty=empty, own_database=own_database)
        return
    if not any(ROOT.glob("*/management/commands/demo.py")):
        return
    console.step("Loading the demo.")
    with subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env={**stack.environment(), **stack.mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        last = ""
        for line in process.stdout or ():
            last = line.rstrip() or last
            console.step(line.rstrip())
    if process.returncode == 0:
        storage.write(stack.folder.root / "demo.json", {"wanted": True, "loaded": True})
    else:
        console.step(f"The demo was not loaded ({last}): bin/manage demo tries again.")


def summary(stack: Stack, token: str, *, detached: bool) -> list[str]:
    """Return what a newcomer needs: where things are, how to sign in, one call that works."""
    url, plans = stack.url, f"{stack.url}/api/v1/billing/plans"
    lines = [
        "",
        f"Ready: {url}",
        f"  API    {url}/api/v1/billing/",
        f"  Docs   {url}/api/docs",
        f"  Admin  {url}/admin/",
        f"         first sign-in: admin / {stack.secrets.admin_password}",
        f"         (kept in {stack.folder.secrets})",
    ]
    if stack.stripe is not None:
        lines.append(f"  Stripe {stack.stripe.url} (a sandbox: no money moves)")
    if token:
        lines += [
            f"  Token  {token}",
            "         (billing_admin, for a day; bin/manage token makes another)",
            f"  Try    curl -H 'Authorization: Bearer {token}' '{plans}'",
        ]
    lines += [f"  Logs   {stack.folder.logs}", ""]
    lines.append("bin/up --stop ends it." if detached else "Ctrl-C ends it.")
    return lines
