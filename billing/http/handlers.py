"""Django's last resorts: the router's 404, a refused request, a bug outside of any view."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views import defaults

from billing.http.errors import is_api, json_response, report, translate
from billing.kernel import errors as domain


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path == "/admin":  # as it is typed
        return HttpResponseRedirect("/admin/")
    if is_api(request):
        return json_response(domain.RouteNotFound())
    return defaults.page_not_found(request, exception or Exception())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return json_response(translate(exception))
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_api(request):
        return json_response(domain.Forbidden(needed="another role"))
    return defaults.permission_denied(request, exception or Exception())


def server_error(request: HttpRequest) -> HttpResponse:
    error = sys.exc_info()[1] or Exception()
    if is_api(request):
        translated = translate(error)
        report(error, translated)
        return json_response(translated)
    return defaults.server_error(request)
