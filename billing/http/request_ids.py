"""Each request has an id: an incoming one that is safe is kept, else one is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import structlog
from django.http import HttpRequest, HttpResponse

from billing.kernel import context
from billing.kernel.ids import uuid7

SAFE: Final = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestIdMiddleware:
    """Bind the id to the logs and put it on the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if SAFE.fullmatch(given) else str(uuid7())
        id_token = context.request_id.set(request_id)
        actor_token = context.actor.set("anonymous")
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            context.request_id.reset(id_token)
            context.actor.reset(actor_token)
        response["x-request-id"] = request_id
        return response
