"""Each request has an id: an incoming one that is safe is kept, else one is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import Token
from typing import Any, Final

import structlog
from django.http import HttpRequest, HttpResponse

from billing.kernel import context
from billing.kernel.ids import uuid7

SAFE: Final = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestScope:
    """While it is entered, the logs know the request's id, and nobody calls yet."""

    __slots__ = ("_actor", "_id", "request_id")

    _id: Token[str]
    _actor: Token[str]

    def __init__(self, meta: Mapping[str, Any]) -> None:
        given = meta.get("HTTP_X_REQUEST_ID", "")
        self.request_id = given if SAFE.fullmatch(given) else str(uuid7())

    def __enter__(self) -> str:
        self._id = context.request_id.set(self.request_id)
        self._actor = context.actor.set("anonymous")
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=self.request_id)
        return self.request_id

    def __exit__(self, *_: object) -> None:
        context.request_id.reset(self._id)
        context.actor.reset(self._actor)


class RequestIdMiddleware:
    """Bind the id to the logs and put it on the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with RequestScope(request.META) as request_id:
            response = self.get_response(request)
        response["x-request-id"] = request_id
        return response
