"""The way of hot paths past sessions, forms, languages and the router: they need none.

Which they are, the setting BILLING_HOT_PATHS says: a method, a path, and the view's dotted name.
The engine may not import the apps above it, whose views they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from billing.http.bodies import BodyLimitMiddleware
from billing.http.errors import json_response, report, translate
from billing.http.jointly import Front
from billing.http.request_ids import RequestIdMiddleware
from billing.http.straight import SAFE_HEADERS, answer_straight, goes_straight
from billing.kernel.errors import RouteNotFound
from billing.kernel.statements import drop_dead_connection

if TYPE_CHECKING:
    from billing.http.plain import PlainView

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class HotPaths:
    """The hot paths of the settings, with one view for each: views of this kind keep nothing."""

    def __init__(self) -> None:
        self._by_method: dict[str, list[tuple[re.Pattern[str], PlainView]]] = {}
        for method, path, name in settings.BILLING_HOT_PATHS:
            view: PlainView = import_string(name)()
            assert method in view.plain, f"{name} does not answer {method} plainly"
            self._by_method.setdefault(method, []).append((re.compile(path), view))

    def views(self) -> Iterator[PlainView]:
        for ways in self._by_method.values():
            yield from [view for _, view in ways]

    def find(self, method: str | None, path: str) -> tuple[PlainView, dict[str, str]] | None:
        """Return the view of a request and what its path says, or None: it is not hot."""
        for pattern, view in self._by_method.get(method or "", ()):
            found = pattern.fullmatch(path)
            if found is not None:
                return view, found.groupdict()
        return None


class HotPathMiddleware:
    """Answer hot paths here. Any other method, and any other path, goes on as usual.

    What stands before it in MIDDLEWARE still holds: request ids, TLS and HSTS, the body's limit.
    What stands behind it is done by hand where it says something to a program: the host's check,
    the length of the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.paths = HotPaths()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = self.paths.find(request.method, request.path_info)
        if found is None:
            return self.get_response(request)
        view, said = found
        response = cast("HttpResponse", view.dispatch(request, **said))
        for name, value in SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        response["Content-Length"] = str(len(response.content))
        return response


class HotPathApplication:
    """The WSGI application in front of Django's: hot paths are answered here, all else over there.

    Only the middleware that they need, and none of the handler's signals: a third of the time of
    a single event. With TLS in front (BILLING_SECURE) what came without it takes Django's way,
    whose security middleware redirects; what came by it is told to stay with it, as Django does.
    """

    def __init__(self, django: WSGI) -> None:
        self.django = django
        self.paths = HotPaths()
        self.fronts = {view: Front(view) for view in self.paths.views() if view.is_joint}
        self.config = settings.BILLING
        self.answer = RequestIdMiddleware(BodyLimitMiddleware(HotPathMiddleware(_not_here)))

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        found = self.paths.find(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if found is None:
            return self.django(environ, start_response)
        if self.config["BILLING_SECURE"]:
            if environ.get("HTTP_X_FORWARDED_PROTO") != "https":
                return self.django(environ, start_response)
            start_response = partial(_start_securely, start_response)
        view, said = found
        if view.is_straight and goes_straight(environ):
            return answer_straight(environ, start_response, view, said, self.fronts.get(view))
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


def _start_securely(
    start_response: Callable[..., Any], status: str, headers: list[tuple[str, str]]
) -> Any:
    told = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return start_response(status, [*headers, ("Strict-Transport-Security", told)])


def _not_here(_request: HttpRequest) -> HttpResponse:
    return json_response(RouteNotFound())
