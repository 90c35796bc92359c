"""From nothing to ready: the order of a start, the first sign-in, the demo, and what is printed."""

from __future__ import annotations

import subprocess
import sys

from launcher import django_steps, storage
from launcher.console import Console
from launcher.errors import LaunchError
from launcher.paths import ROOT, DataFolder
from launcher.stack import Stack

TOKEN_SECONDS = 86_400


def bring_up(stack: Stack, console: Console, *, empty: bool, detached: bool) -> None:
    """Start all of it and print where it is. Raises LaunchError; the caller stops the stack."""
    stack.start_databases()
    stack.migrate()
    stack.start_application()
    env = stack.environment()
    admin = django_steps.begin(
        "ensure_admin",
        environment={**env, "BILLING_ADMIN_PASSWORD": stack.secrets.admin_password},
        folder=stack.folder.logs,
    )
    token = make_token(stack)
    stack.wait_until_ready()
    admin.finish()
    load_demo(stack, console, empty=empty)
    for line in summary(stack, token, detached=detached):
        console.say(line)


def make_token(stack: Stack) -> str:
    """Return a token of an administrator, or "" where tokens come from another issuer."""
    user = stack.secrets.first_user
    arguments = ("--user", user, "--role", "billing_admin", "--ttl", str(TOKEN_SECONDS))
    try:
        return django_steps.answer("token", *arguments, environment=stack.environment())
    except LaunchError as error:
        stack.console.step(str(error))
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
        env=stack.environment(),
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
    if token:
        lines += [
            f"  Token  {token}",
            "         (billing_admin, for a day; bin/manage token makes another)",
            "  Try    "
            f"curl -H 'Authorization: Bearer {token}' '{plans}'",
        ]
    lines += [f"  Logs   {stack.folder.logs}", ""]
    lines.append("bin/up --stop ends it." if detached else "Ctrl-C ends it.")
    return lines
