"""A hot path from the server's environ to the answer's bytes, without objects in between.

Django's request and response, and the middleware around them, take longer than everything that
has to be done for a single event. What they do that a program needs is done here, in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.http import UnreadablePostError

from billing.http.auth import authenticate
from billing.http.errors import json_response, report, translate
from billing.http.hosts import require_host
from billing.http.jointly import Asked, Front
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
    environ: dict[str, Any], start_response: Start, view: PlainView, said: dict[str, str]
) -> list[bytes]:
    """Let the view answer the body; `said` is what the path says. Answer as WSGI wants it."""
    scope = begin_request(environ)
    try:
        drop_dead_connection()
        require_host(environ)
        caller = authenticate(environ)
        content_type = environ.get("CONTENT_TYPE") or ""
        answer = view.straightly(caller, partial(_body_of, environ), content_type, **said)
    except Exception as error:  # noqa: BLE001 — every failure has the contract's shape
        drop_dead_connection()
        answer = _refusal(error)
    finally:
        end_request(scope)
    return _send(start_response, answer, scope[0])


def answer_jointly(
    environ: dict[str, Any], start_response: Start, front: Front, said: dict[str, str]
) -> list[bytes]:
    """Let a request be answered together with those that come at the same time."""
    asked = None
    try:
        asked = Asked(environ, said, _body_of(environ))
        answer = front.wait_for(asked)
    except Exception as error:  # noqa: BLE001 — every failure has the contract's shape
        return _refuse_jointly(environ, start_response, asked, error)
    return _send(start_response, answer, request_id_of(environ))


def _refuse_jointly(
    environ: dict[str, Any], start_response: Start, asked: Asked | None, error: Exception
) -> list[bytes]:
    scope = begin_request(environ)
    try:
        if asked is not None and asked.caller is not None:
            context.actor.set(asked.caller.name)
        return _send(start_response, _refusal(error), scope[0])
    finally:
        end_request(scope)


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
