"""Every failure, from whatever layer, in the one shape that the contract promises."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import structlog
from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from rest_framework import exceptions as drf
from rest_framework.response import Response

from billing.kernel import context
from billing.kernel import errors as domain
from billing.kernel.errors import BillingError, Kind
from billing.kernel.money import AmountTooLarge

log = structlog.get_logger(__name__)

STATUS_OF_KIND: Final[Mapping[Kind, int]] = {
    Kind.INVALID: 400,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.PRECONDITION: 412,
    Kind.PAYMENT_REQUIRED: 402,
    Kind.SPENT: 429,
    Kind.MISCONFIGURED: 500,
    Kind.UPSTREAM: 502,
    Kind.NOT_IMPLEMENTED: 501,
    Kind.UNAVAILABLE: 503,
}
STATUS_OF_ERROR: Final[Mapping[type[BillingError], int]] = {
    domain.NotAuthenticated: 401,
    domain.InvalidCredentials: 401,
    domain.MethodNotAllowed: 405,
    domain.BodyTooLarge: 413,
    domain.UnsupportedMediaType: 415,
    domain.Throttled: 429,
    domain.InternalError: 500,
}
RETRY_SECONDS: Final = 2


Statuses = Mapping[type[BillingError], int]
"""What a path answers an error with where its kind's status is not the one."""

NO_STATUSES: Final[Statuses] = {}


def status_of(error: BillingError, own: Statuses = NO_STATUSES) -> int:
    """Return an error's status: the path's `own`, else its class's, else its kind's."""
    kind = type(error)
    return own.get(kind) or STATUS_OF_ERROR.get(kind) or STATUS_OF_KIND[error.kind]


def body_of(error: BillingError) -> dict[str, Any]:
    return {
        "error": {
            "code": error.code,
            "message": str(error),
            "details": error.details,
            "requestId": context.request_id.get(),
        },
        **error.extra,
    }


def printable(message: str) -> str:
    """Make one line of printable ASCII: no message can become a header of its own."""
    return "".join(c if " " <= c <= "~" else "?" for c in message)[:500]


def headers_of(error: BillingError, status: int | None = None) -> dict[str, str]:
    """Return an error's own headers, as it is answered with `status` (None: its usual one)."""
    headers = {
        "x-error": printable(str(error)),
        "x-error-id": hashlib.md5(error.message.encode(), usedforsecurity=False).hexdigest(),
    }
    status = status or status_of(error)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="billing"'
    if error.retry_after is not None or status in {429, 503}:
        headers["Retry-After"] = str(error.retry_after or RETRY_SECONDS)
    return headers


def json_response(error: BillingError, *, allow: str = "") -> HttpResponse:
    """Render for Django's own layers: router, middleware, plain views."""
    response = JsonResponse(body_of(error), status=status_of(error))
    for name, value in headers_of(error).items():
        response[name] = value
    if allow:
        response["Allow"] = allow
    return response


def field_problems(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Flatten what a serializer found wrong into (field, rule), nested fields with dots."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from field_problems(value, _below(path, key))
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from field_problems(value, f"{path}[{index}]" if nested else path)
    else:
        yield path or "body", str(detail)


def _below(path: str, key: object) -> str:
    if key == "non_field_errors":
        return path
    return f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".lstrip(".")


TRANSLATIONS: Final[tuple[tuple[type[BaseException], Callable[[Any], BillingError]], ...]] = (
    (BillingError, lambda error: error),
    (drf.ValidationError, lambda error: domain.invalid_fields(problems_of(error))),
    (drf.ParseError, lambda error: domain.MalformedBody(reason=str(error.detail))),
    (drf.UnsupportedMediaType, lambda _: domain.UnsupportedMediaType()),
    (drf.MethodNotAllowed, lambda _: domain.MethodNotAllowed()),
    (drf.Throttled, lambda error: domain.Throttled(retry_after=int(error.wait or RETRY_SECONDS))),
    (drf.NotAuthenticated, lambda _: domain.NotAuthenticated()),
    (drf.PermissionDenied, lambda _: domain.Forbidden(needed="another role")),
    (PermissionDenied, lambda _: domain.Forbidden(needed="another role")),
    (drf.NotFound, lambda _: domain.NotFound(noun="thing")),
    (Http404, lambda _: domain.NotFound(noun="thing")),
    (RequestDataTooBig, lambda _: domain.BodyTooLarge(limit_mib=10)),
    (UnreadablePostError, lambda _: domain.MalformedBody(reason="it ended early")),
    (AmountTooLarge, lambda _: domain.AmountOutOfBounds()),
    (DisallowedHost, lambda _: domain.invalid("Host", "is no name of this system")),
    (SuspiciousOperation, lambda _: domain.InvalidRequest(summary="it was refused as unsafe")),
    (OperationalError, lambda _: domain.ServiceUnavailable()),
    (InterfaceError, lambda _: domain.ServiceUnavailable()),
)


def problems_of(error: drf.ValidationError) -> list[tuple[str, str]]:
    return [problem for problem in field_problems(error.detail) if problem[1]]


def translate(error: BaseException) -> BillingError:
    """Say in the domain's words what a layer raised; what nobody foresaw is INTERNAL_ERROR."""
    for kind, say in TRANSLATIONS:
        if isinstance(error, kind):
            return say(error)
    return domain.InternalError()


def report(error: BaseException, translated: BillingError) -> None:
    if isinstance(translated, domain.InternalError | domain.ServiceUnavailable):
        log.error("request_failed", code=translated.code, exc_info=error)


def render_exception(error: Exception, view_context: dict[str, Any]) -> Response:
    """DRF's exception handler. Bugs become a 500 that tells nothing but its id."""
    translated = translate(error)
    report(error, translated)
    ask = getattr(view_context.get("view"), "status_of", status_of)
    status = ask(translated)
    response = Response(body_of(translated), status=status, headers=headers_of(translated, status))
    response.exception = True
    return response


def is_api(request: HttpRequest) -> bool:
    return not request.path.startswith(("/admin/", "/static/")) and request.path != "/admin"


UNSHAPED: Final[Mapping[int, type[BillingError]]] = {
    403: domain.CrossSiteRequest,
    404: domain.RouteNotFound,
    405: domain.MethodNotAllowed,
    415: domain.UnsupportedMediaType,
}
"""What Django itself answers without an exception, in our words."""


def shaped(response: HttpResponse) -> HttpResponse:
    """Put an answer that some layer made by itself into the contract's shape."""
    status = response.status_code
    if status in UNSHAPED:
        return json_response(UNSHAPED[status](), allow=response.get("Allow", ""))
    if status >= 500:
        return json_response(domain.InternalError())
    return json_response(domain.InvalidRequest(summary=response.reason_phrase))


class ErrorShapeMiddleware:
    """Give the contract's shape to what plain views and Django's own layers raise or answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= 400 and "x-error" not in response and is_api(request):
            return shaped(response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not is_api(request):
            return None
        translated = translate(error)
        report(error, translated)
        return json_response(translated)
