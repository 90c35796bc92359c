"""`@service`: the one place that opens a transaction, so "who commits?" has one answer."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, ParamSpec, Protocol, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")


class AnswerOnce(Protocol):
    """What keeps a request's answer in the transaction that did its work."""

    def open(self) -> None:
        """Take the key for this transaction, or raise what its first use decided."""
        ...

    def close(self, result: Any) -> None:
        """Keep the answer, before the commit."""
        ...


once: Final[ContextVar[AnswerOnce | None]] = ContextVar("once", default=None)


def service(function: Callable[P, R]) -> Callable[P, R]:
    """Run in a durable transaction of its own; services never nest.

    Where the request carries an Idempotency-Key, its answer is kept before the commit: the work
    and its answer are one, also after a crash.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        keeper = once.get()
        with transaction.atomic(durable=True):
            if keeper is not None:
                keeper.open()
            result = function(*args, **kwargs)
            if keeper is not None:
                keeper.close(result)
        return result

    return run


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Run as a service does, as one of the transactions of a saga that is not its last.

    The request's Idempotency-Key is looked at, so that what was answered is not begun anew, and
    keeps no answer yet: that is the last transaction's, which is a service.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        keeper = once.get()
        with transaction.atomic(durable=True):
            if keeper is not None:
                keeper.open()
            return function(*args, **kwargs)

    return run
