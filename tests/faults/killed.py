"""A process of its own that is killed in the middle of its work, as by `kill -9`."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from django.db import connection


def die() -> NoReturn:
    """End this process at once: nothing is flushed, nothing is rolled back by us."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def was_killed(work: Callable[[], Any]) -> bool:
    """Do the work in a fork with a connection of its own; say whether it was killed on the way.

    Fails where the work failed in any other manner.
    """
    connection.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads about
        pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            connection.close()
            status = 0
        finally:
            os._exit(status)
    _, outcome = os.waitpid(pid, 0)
    if os.WIFSIGNALED(outcome):
        assert os.WTERMSIG(outcome) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(outcome) == 0, "the work failed by itself"
    return False


class Fuse:
    """Kills the process at the n-th point that it passes; counts from 1."""

    def __init__(self, at: int) -> None:
        self.left = at

    def point(self) -> None:
        self.left -= 1
        if self.left == 0:
            die()

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function: a point before it, and one after it."""

        def run(*args: Any, **kwargs: Any) -> Any:
            self.point()
            done = work(*args, **kwargs)
            self.point()
            return done

        return run
