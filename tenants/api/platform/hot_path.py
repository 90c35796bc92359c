"""The way of a usage event past sessions, forms, languages and the router: it needs none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse

from billing.http.bodies import BodyLimitMiddleware
from billing.http.errors import json_response, report, translate
from billing.http.request_ids import RequestIdMiddleware
from billing.kernel.errors import RouteNotFound
from tenants.api.platform.recording import RecordingView, UsageBatchView, UsageView
from tenants.api.platform.straight import (
    SAFE_HEADERS,
    answer_straight,
    drop_dead_connection,
    goes_straight,
)

HOT: Final = re.compile(r"/api/v1/billing/tenants/([^/]+)/usage(/batch)?")

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class HotPathMiddleware:
    """Answer POSTs of usage here. Any other method, and any other path, goes on as usual.

    What stands before it in MIDDLEWARE still holds: request ids, TLS and HSTS, the body's limit.
    What stands behind it is done by hand where it says something to a program: the host's check,
    the length of the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.one = UsageView()
        self.batch = UsageBatchView()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = HOT.fullmatch(request.path_info) if request.method == "POST" else None
        if found is None:
            return self.get_response(request)
        view: RecordingView = self.batch if found[2] else self.one
        response = cast("HttpResponse", view.dispatch(request, tenant_id=found[1]))
        for name, value in SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        response["Content-Length"] = str(len(response.content))
        return response


class HotPathApplication:
    """The WSGI application in front of Django's: usage is answered here, all else over there.

    Only the middleware that usage needs, and none of the handler's signals: a third of the time of
    a single event. With TLS in front (BILLING_SECURE) everything takes Django's way, whose security
    middleware speaks for it.
    """

    def __init__(self, django: WSGI) -> None:
        self.django = django
        self.answer = RequestIdMiddleware(BodyLimitMiddleware(HotPathMiddleware(_not_here)))

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        is_hot = environ["REQUEST_METHOD"] == "POST" and HOT.fullmatch(environ["PATH_INFO"])
        if not is_hot or settings.BILLING["BILLING_SECURE"]:
            return self.django(environ, start_response)
        if not is_hot[2] and goes_straight(environ):
            return answer_straight(environ, start_response, is_hot[1])
        try:
            drop_dead_connection()
            response = self.answer(WSGIRequest(environ))
        except Exception as error:  # noqa: BLE001 — a body that ends early, say
            translated = translate(error)
            report(error, translated)
            response = json_response(translated)
        finally:
            drop_dead_connection()
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items()])
        return [response.content]


def _not_here(_request: HttpRequest) -> HttpResponse:
    return json_response(RouteNotFound())
