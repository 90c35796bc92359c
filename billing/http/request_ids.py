"""Each request has an id: an incoming one that is safe is kept, else one is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import Token
from typing import Any, Final

import structlog
from django.http import HttpRequest, HttpResponse

from billing.kernel import context
from billing.kernel.ids import uuid7_text

SAFE: Final = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


Scope = tuple[str, Token[str], Token[str]]


def begin_request(meta: Mapping[str, Any]) -> Scope:
    """Give the request its id, the first of what is returned. Nobody calls yet."""
    request_id = request_id_of(meta)
    return request_id, context.request_id.set(request_id), context.actor.set("anonymous")


def request_id_of(meta: Mapping[str, Any]) -> str:
    """Return the id that a request brings, if it is safe, else a new one."""
    given = meta.get("HTTP_X_REQUEST_ID")
    return given if given and SAFE.fullmatch(given) else uuid7_text()


def end_request(scope: Scope) -> None:
    """Make the context what it was before."""
    context.request_id.reset(scope[1])
    context.actor.reset(scope[2])


class RequestIdMiddleware:
    """Bind the id to the logs and put it on the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scope = begin_request(request.META)
        structlog.contextvars.clear_contextvars()  # bound, for what Django logs after the answer
        structlog.contextvars.bind_contextvars(request_id=scope[0])
        try:
            response = self.get_response(request)
        finally:
            end_request(scope)
        response["x-request-id"] = scope[0]
        return response
