"""A hot path from the server's environ to the answer's bytes, without objects in between.

Django's request and response, and the middleware around them, take longer than everything that
has to be done for a single event. What they do that a program needs is done here, in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from billing.http.auth import authenticate
from billing.http.errors import json_response, report, translate
from billing.http.request_ids import begin_request, end_request
from billing.kernel.errors import MalformedBody
from billing.kernel.statements import connection_here

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
        status, body, headers = _answer(environ, view, said)
    except Exception as error:  # noqa: BLE001 — every failure has the contract's shape
        drop_dead_connection()
        status, body, headers = _refusal(error)
    finally:
        end_request(scope)
    told = {
        "Content-Type": "application/json",
        **SAFE_HEADERS,
        **headers,
        "Content-Length": str(len(body)),
        "x-request-id": scope[0],
    }
    start_response(_LINES[status], [*told.items()])
    return [body]


def drop_dead_connection() -> None:
    """Do what Django's handler does around a request; a caller's open transaction is left alone."""
    here = connection_here()
    if here.connection is not None and not here.in_atomic_block:
        here.close_if_unusable_or_obsolete()


def _answer(environ: Mapping[str, Any], view: PlainView, said: dict[str, str]) -> Answer:
    require_host(
        environ.get("HTTP_HOST"),
        environ["SERVER_NAME"],
        environ["SERVER_PORT"],
        tuple(settings.ALLOWED_HOSTS),
    )
    caller = authenticate(environ)
    content_type = environ.get("CONTENT_TYPE") or ""
    return view.straightly(caller, partial(_body_of, environ), content_type, **said)


@lru_cache(maxsize=256)
def require_host(host: str | None, name: str, port: str, _allowed: tuple[str, ...]) -> None:
    """Raise DisallowedHost where Django would. Names that are good are remembered."""
    request = HttpRequest()
    request.META = {"SERVER_NAME": name, "SERVER_PORT": port}
    if host is not None:
        request.META["HTTP_HOST"] = host
    request.get_host()


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
