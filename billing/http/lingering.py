"""Reading what still comes after a refusal, so that whoever sends it gets to read the answer.

A long body is refused before all of it is read: over the limit, of a caller that may not, at a path
that is not there. If the server then closes, many a client is told of a broken pipe and never looks
at the answer. So the answer goes out at once, and what is left of the body is thrown away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from threading import BoundedSemaphore
from typing import Any, Final

Start = Callable[..., Any]
WSGI = Callable[[dict[str, Any], Start], Iterable[bytes]]

SHORT_BYTES: Final = 64 * 1024
"""As much waits in the connection's own buffers."""

PART_BYTES: Final = 256 * 1024
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_SECONDS: Final = 30.0
PLACES: Final = 4
"""Threads of a process that may do this at once, so that nobody can hold all of them by it. Where
there is no place the connection is closed at once."""


class Lingering:
    """The WSGI application around all others."""

    def __init__(self, application: WSGI) -> None:
        self.application = application
        self._places = BoundedSemaphore(PLACES)

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        if not _may_be_long(environ):
            return self.application(environ, start_response)
        statuses: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            statuses.append(status)
            return start_response(status, headers, *more)

        answer = self.application(environ, start)
        if statuses and statuses[-1][0] in "45":
            return self._answered(answer, environ["wsgi.input"])
        return answer

    def _answered(self, answer: Iterable[bytes], rest: Any) -> Iterator[bytes]:
        """Send the answer and end the request, then read on; what was read already is no more."""
        try:
            yield from answer
        finally:
            end = getattr(answer, "close", None)
            if end is not None:
                end()
        if self._places.acquire(blocking=False):
            try:
                throw_away(rest)
            finally:
                self._places.release()


def throw_away(rest: Any) -> int:
    """Read to the end, within bounds; return how much it was."""
    until = time.monotonic() + MOST_SECONDS
    count = 0
    with suppress(OSError):  # gone, or ended as silent
        while count < MOST_BYTES and time.monotonic() < until:
            part = rest.read(PART_BYTES)
            if not part:
                break
            count += len(part)
    return count


def _may_be_long(environ: dict[str, Any]) -> bool:
    told = environ.get("CONTENT_LENGTH") or ""
    if told.isascii() and told.isdigit():
        return int(told[:18]) > SHORT_BYTES
    return "HTTP_TRANSFER_ENCODING" in environ
