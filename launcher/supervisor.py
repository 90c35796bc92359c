"""Watching over a stack: what crashes is started again, logs stay bounded, a signal ends all."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from types import FrameType

from launcher import logs, processes
from launcher.console import Console
from launcher.stack import Child, Stack

LOOK_SECONDS = 0.2
ROTATE_SECONDS = 15.0


class Stopped(BaseException):
    """A signal asked us to end. No Exception, so that nothing on the way takes it for a fault."""


def heed_signals(*, hangup: bool) -> None:
    """Raise Stopped at the first SIGINT or SIGTERM (and SIGHUP, if a closed terminal ends us).

    Later ones are ignored: the orderly end is under way.
    """
    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    for number in numbers:
        ignored = number == signal.SIGHUP and not hangup
        signal.signal(number, signal.SIG_IGN if ignored else stop)


def note(log: Path, line: str) -> None:
    """Append a line, with the time (UTC), to the supervisor's log."""
    with log.open("a") as stream:
        stream.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")


def say(stack: Stack, console: Console, line: str) -> None:
    note(stack.folder.log("supervisor"), line)
    console.say(line)


def ending(code: int) -> str:
    """Return how a process ended, in words."""
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def look_after(stack: Stack, child: Child, console: Console) -> None:
    """See to one child: note its end, and start it again when its time has come."""
    name, now = child.program.name, time.monotonic()
    if child.retry_at is None:
        code = child.process.poll()
        if code is None:
            return
        # Its own children may live on and hold its port or its queue.
        processes.kill_left(child.process.pid, child.program)
        delay = child.backoff.after_crash(ran_seconds=now - child.began)
        child.retry_at = now + delay
        say(
            stack,
            console,
            f"{name} {ending(code)}; starting it again in {delay:g} s (see {child.program.log}).",
        )
    elif now >= child.retry_at:
        try:
            stack.run(child.program)
            say(stack, console, f"{name} was started again.")
        except OSError as error:
            delay = child.backoff.after_crash(ran_seconds=0.0)
            child.retry_at = now + delay
            say(stack, console, f"{name} cannot be started ({error}); again in {delay:g} s.")


def watch(stack: Stack, console: Console) -> None:
    """Keep all children running. Returns never; Stopped ends it."""
    rotate_at = 0.0
    while True:
        for child in list(stack.children.values()):
            look_after(stack, child, console)
        if time.monotonic() >= rotate_at:
            for log in stack.folder.logs.glob("*.log"):
                logs.rotate(log)
            rotate_at = time.monotonic() + ROTATE_SECONDS
        time.sleep(LOOK_SECONDS)
