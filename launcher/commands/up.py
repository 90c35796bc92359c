"""`bin/up`: start the whole system, and say where it is."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys

from launcher import ports, readiness, runstate, settings, stripe_sandbox, system
from launcher.commands import first_steps
from launcher.console import FAILED, READY, Console, complain
from launcher.errors import LaunchError
from launcher.paths import ROOT, DataFolder, chosen_data_dir
from launcher.processes import wait_until
from launcher.stack import AlreadyRuns, Options, Stack
from launcher.supervisor import Stopped, heed_signals, note, watch

STOP_SECONDS = 120.0
NOT_RUNNING = 3


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="bin/up", description="Start the billing system on this machine."
    )
    made.add_argument("--port", type=port_number, default=8087, help="of the web (default 8087)")
    made.add_argument("--data-dir", metavar="DIR", help="default: $BILLING_DATA_DIR, else .data")
    made.add_argument("--workers", type=worker_count, default=2, help="web processes (default 2)")
    made.add_argument("--empty", action="store_true", help="load no demo data")
    made.add_argument(
        "--stripe-sandbox", action="store_true", help="run a stand-in for Stripe beside"
    )
    made.add_argument("--detach", action="store_true", help="return when ready, go on running")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--stop", action="store_true", help="end what runs on the data folder")
    what.add_argument("--status", action="store_true", help="say what runs on the data folder")
    made.add_argument("--progress-to", type=int, help=argparse.SUPPRESS)
    return made


def port_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535")
    return int(text)


def worker_count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 64):
        raise argparse.ArgumentTypeError(f"{text!r}: give a number from 1 to 64")
    return int(text)


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    folder = DataFolder(chosen_data_dir(options.data_dir))
    folder.refuse_strangers()
    if options.stop:
        return stop(folder)
    if options.status:
        return status(folder)
    if options.progress_to is None and runstate.is_held(folder):
        print(already(folder))
        return 0
    if options.stripe_sandbox:
        stripe_sandbox.refuse_contradictions(os.environ)
    if options.detach and options.progress_to is None:
        return detach(folder, arguments)
    return run(folder, options)


def run(folder: DataFolder, options: argparse.Namespace) -> int:
    """Start, and watch over it until a signal comes. Returns the exit code."""
    console = Console(options.progress_to)
    detached = options.progress_to is not None
    heed_signals(hangup=not detached)
    stack = Stack(folder, chosen(options), console=console)
    try:
        settings.check(os.environ)
        folder.make()
        console.say(f"Starting on {folder.root}")
        for line in system.warnings():
            console.say(f"  {line}")
        first_steps.bring_up(stack, console, empty=options.empty, detached=detached)
        console.detach()
        note(folder.log("supervisor"), f"Ready at {stack.url}.")
        watch(stack, console)
    except Stopped:
        console.say()
    except AlreadyRuns:  # another start was faster by an instant
        console.say(already(folder))
        console.detach()
        return 0
    except LaunchError as error:
        stack.stop()
        if folder.logs.exists():
            note(folder.log("supervisor"), str(error))
        for line in str(error).splitlines():
            console.fail(f"bin/up: {line}")
        return 1
    finally:
        stack.stop()
    note(folder.log("supervisor"), "Stopped.")
    console.say("Stopped.")
    return 0


def chosen(options: argparse.Namespace) -> Options:
    """Return what the command line asks for."""
    return Options(
        port=options.port, workers=options.workers, stripe_sandbox=options.stripe_sandbox
    )


def detach(folder: DataFolder, arguments: list[str]) -> int:
    """Start it in a session of its own, show its progress, and return when it is ready."""
    folder.make()
    reading, writing = os.pipe()
    log = os.open(folder.log("supervisor"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    child = subprocess.Popen(
        [sys.executable, "-m", "launcher", "up", *arguments, "--progress-to", str(writing)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        pass_fds=(writing,),
    )
    os.close(writing)
    os.close(log)
    failed = False
    try:
        with os.fdopen(reading, errors="replace") as progress:
            for line in progress:
                if line.rstrip("\n") == READY:
                    return 0
                if line.startswith(FAILED):
                    complain(line.removeprefix(FAILED).rstrip("\n"))
                    failed = True
                    continue
                show(line)
    except KeyboardInterrupt:
        child.send_signal(signal.SIGTERM)
        child.wait()
        return 130
    if failed:
        return child.wait() or 1
    complain(
        f"bin/up: it ended without a word; the last lines of {folder.log('supervisor')} say why."
    )
    return child.wait() or 1


def show(line: str) -> None:
    """Print progress, also when nobody reads on (`bin/up --detach | head`)."""
    try:
        print(line, end="", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def already(folder: DataFolder) -> str:
    """Return the line for a folder that runs. Raises AlreadyRuns if bin/manage runs it."""
    found: list[str] = []

    def known() -> bool:
        state = runstate.read(folder)
        if state is not None and "url" in state.facts:
            found.append(str(state.facts["url"]))
        return bool(found)

    if not wait_until(known, seconds=3.0):
        raise AlreadyRuns(f"{folder.root} is in use by bin/manage: try again when that has ended.")
    return f"It runs already: {found[0]} (data in {folder.root}; bin/up --stop ends it)."


def stop(folder: DataFolder) -> int:
    """End the system that runs on the folder, in order. Raises LaunchError if it does not end."""
    if not folder.exists() or not runstate.is_held(folder):
        left = _clean_after_kill(folder)
        print(
            f"Ended what was left on {folder.root}." if left else f"Nothing runs on {folder.root}."
        )
        return 0
    state = runstate.read(folder)
    if state is None or state.supervisor is None:
        raise LaunchError(f"{folder.root} is in use, but not by bin/up: end bin/manage first.")
    state.supervisor.signal(signal.SIGTERM)
    if not wait_until(lambda: not runstate.is_held(folder), seconds=STOP_SECONDS, pause=0.1):
        raise LaunchError(
            f"It has not ended after {STOP_SECONDS:.0f} s: see {folder.log('supervisor')}; "
            f"kill -9 {state.supervisor.pid} and bin/up --stop end it by force."
        )
    print("Stopped.")
    return 0


def _clean_after_kill(folder: DataFolder) -> bool:
    lock = runstate.Lock(folder)
    if not folder.exists() or not lock.take():
        return False
    try:
        return bool(runstate.clean_up(folder))
    finally:
        lock.release()


def status(folder: DataFolder) -> int:
    """Print what runs; return 0 if all is ready, 1 if something is not, 3 if nothing runs."""
    state = runstate.read(folder) if folder.exists() and runstate.is_held(folder) else None
    if state is None or "port" not in state.facts:
        print(f"Nothing runs on {folder.root}.")
        return NOT_RUNNING
    host = readiness.host_to_name(os.environ.get("ALLOWED_HOSTS", ""))
    answer = readiness.ask(int(state.facts["port"]), host=host or ports.HOST)
    print(f"{'Ready' if answer.ready else 'Not ready'}: {state.facts['url']} ({folder.root})")
    for name, child in state.children.items():
        print(f"  {name:8}  {'runs' if child.runs() else 'does not run'}, process {child.pid}")
    for name, why in answer.failing.items():
        print(f"  {name}: {why}")
    return 0 if answer.ready else 1
