"""Requests of a hot path that are answered together: the one that leads works for all that wait.

A thread that has waited finds every cache cold, and the interpreter's lock taken. So a request's
own thread only reads its body and sends its answer; all that is between is done in one loop, by
the thread that leads: whom and what several requests have in common is looked at once, and what
the first one costs, the next costs half of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from billing.http.auth import caller_by, may_ask_the_issuer
from billing.http.hosts import require_host
from billing.kernel.joint import Joint, Waiting
from billing.kernel.statements import drop_dead_connection

if TYPE_CHECKING:
    from billing.http.callers import Caller
    from billing.http.plain import Answer, PlainView

CREDENTIALS: Final = ("HTTP_AUTHORIZATION", "HTTP_API_KEY", "HTTP_API_SECRET", "HTTP_HOST")


class Alone(Exception):
    """A request turned out to be none that is answered together with others."""


class Asked(Waiting):
    """A request: what its path says, its body, who calls. `answer` is for the view to give.

    Making it may raise what authentication does.
    """

    __slots__ = ("answer", "body", "caller", "environ", "said")

    def __init__(self, environ: Mapping[str, Any], said: Mapping[str, str], body: bytes) -> None:
        super().__init__(None)
        self.environ = environ
        self.said = said
        self.body = body
        self.caller: Any = None
        self.answer: Answer | None = None
        if may_ask_the_issuer():  # the others need not wait for that
            drop_dead_connection()
            self.caller = _admitted(environ)

    @property
    def content_type(self) -> str:
        return self.environ.get("CONTENT_TYPE") or ""


class Front(Joint):
    """The requests of one hot path that wait in this process."""

    def __init__(self, view: PlainView) -> None:
        super().__init__()
        self._view = view

    def prepare(self, waiting: Waiting, known: dict[Any, Any]) -> None:
        """Find out who asks, and whether it is right."""
        asked = cast("Asked", waiting)
        try:
            if not known:
                drop_dead_connection()
            if asked.caller is None:
                asked.caller = _caller_of(asked.environ, known)
            self._view.check(asked, known)
        except Exception as error:  # noqa: BLE001 — it is raised where it is waited for
            asked.error = error

    def work(self, group: Sequence[Waiting]) -> None:
        """Answer those that are right, together."""
        asking = cast("Sequence[Asked]", group)
        right = [asked for asked in asking if asked.error is None and asked.answer is None]
        try:
            if right:
                self._view.settle(right)
        except Exception as error:  # noqa: BLE001 — it is raised where it is waited for
            for asked in right:
                asked.error = asked.error or error
        finally:
            drop_dead_connection()
        for asked in asking:
            asked.outcome = asked.answer


def _caller_of(environ: Mapping[str, Any], known: dict[Any, Any]) -> Caller:
    """Return who calls, looked at once for the same credentials."""
    said = tuple([environ.get(name) for name in CREDENTIALS])
    caller: Caller | None = known.get(said)
    if caller is None:
        caller = known[said] = _admitted(environ)
    return caller


def _admitted(environ: Mapping[str, Any]) -> Caller:
    require_host(environ)
    return caller_by(environ)
