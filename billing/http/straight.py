"""A hot path from the server's environ to the answer's bytes, without objects in between.

Django's request and response, and the middleware around them, take longer than everything that
has to be done for a single event. What they do that a program needs is done here, in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.http import UnreadablePostError

from billing.http.auth import authenticate
from billing.http.errors import json_response, report, translate
from billing.http.hosts import require_host
from billing.http.jointly import Alone, Asked, Front
from billing.http.request_ids import begin_request, end_request, request_id_of
from billing.kernel import context
from billing.kernel.errors import MalformedBody
from billing.kernel.statements import drop_dead_connection

if TYPE_CHECKING:
    from billing.http.plain import Answer, PlainView

LIMIT_BYTES: Final = 64 * 1024
"""Bodies that are longer go Django's way, which reads them in parts."""

SAFE_HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Start = Callable[..., Any]
_LINES: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_EVERY_TIME: Final = {"Content-Type": "application/json", **SAFE_HEADERS}


def goes_straight(environ: Mapping[str, Any]) -> bool:
    """Say whether a POST with a short body can be answered here: nothing unusual about it."""
    length = environ.get("CONTENT_LENGTH") or ""
    return (
        length.isascii()
        and length.isdigit()
        and len(length) < 7
        and int(length) <= LIMIT_BYTES
        and "HTTP_IDEMPOTENCY_KEY" not in environ
    )


def answer_straight(
    environ: dict[str, Any],
    start_response: Start,
    view: PlainView,
    said: dict[str, str],
    front: Front | None = None,
) -> list[bytes]:
    """Let the view answer the body; `said` is what the path says. Answer as WSGI wants it.

    Where there is a `front`, what the view says joins is answered together with the others there.
    """
    asked: Asked | None = None
    answer: Answer | None = None
    try:
        body = _body_of(environ)
        if front is not None and view.joins(body):
            asked = Asked(environ, said, body)
            with suppress(Alone):
                answer = front.wait_for(asked)
    except Exception as error:  # noqa: BLE001 — every failure has the contract's shape
        actor = asked.caller.name if asked is not None and asked.caller is not None else ""
        return _alone(environ, start_response, partial(_raise, error, actor))
    if answer is None:
        return _alone(environ, start_response, partial(_answer, environ, view, said, body))
    return _send(start_response, answer, request_id_of(environ))


def _alone(
    environ: dict[str, Any], start_response: Start, answer_of: Callable[[], Answer]
) -> list[bytes]:
    """Answer in the context of the request, so that the logs know which it is."""
    scope = begin_request(environ)
    try:
        drop_dead_connection()
        answer = answer_of()
    except Exception as error:  # noqa: BLE001 — every failure has the contract's shape
        drop_dead_connection()
        answer = _refusal(error)
    finally:
        end_request(scope)
    return _send(start_response, answer, scope[0])


def _answer(
    environ: Mapping[str, Any], view: PlainView, said: dict[str, str], body: bytes
) -> Answer:
    require_host(environ)
    caller = authenticate(environ)
    return view.straightly(caller, body, environ.get("CONTENT_TYPE") or "", **said)


def _raise(error: Exception, actor: str) -> Answer:
    if actor:
        context.actor.set(actor)
    raise error


def _send(start_response: Start, answer: Answer, request_id: str) -> list[bytes]:
    status, body, own = answer
    headers = {**_EVERY_TIME, **own, "Content-Length": str(len(body)), "x-request-id": request_id}
    start_response(_LINES[status], [*headers.items()])
    return [body]


def _body_of(environ: Mapping[str, Any]) -> bytes:
    length = int(environ["CONTENT_LENGTH"])
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except OSError as error:
        raise UnreadablePostError(*error.args) from error
    if len(body) < length:
        raise MalformedBody(reason="it ended early")
    return body


def _refusal(error: Exception) -> Answer:
    translated = translate(error)
    report(error, translated)
    response = json_response(translated)
    return response.status_code, response.content, dict(response.items())
