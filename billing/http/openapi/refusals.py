"""Errors in the API document: the shared body, each status with the codes that it may carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from billing.http.errors import headers_of, status_of
from billing.kernel import errors as domain
from billing.kernel.errors import BillingError, every_error

Errors = tuple[type[BillingError], ...]
NO_STATUSES: Final[Mapping[str, int]] = {}

ERROR: Final = {"$ref": "#/components/schemas/Error"}
PLACE: Final = re.compile(r"\{\w+\}")
REQUEST_ID: Final = "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"
# Groups that operations share, each a component of its own.
NAMES: Final[Mapping[Errors, str]] = {
    (domain.InvalidRequest,): "InvalidRequest",
    (domain.InvalidRequest, domain.TwoCredentials): "BadRequest",
    (domain.InvalidRequest, domain.MalformedBody, domain.TwoCredentials): "BadBody",
    (domain.NotAuthenticated, domain.InvalidCredentials): "NotAuthenticated",
    (domain.Forbidden,): "Forbidden",
    (domain.Forbidden, domain.TenantMismatch): "NotYours",
    (domain.NotFound,): "NotFound",
    (domain.TenantNotFound,): "NoSuchTenant",
    (domain.IdempotencyConflict, domain.IdempotencyInProgress): "KeyInUse",
    (domain.BodyTooLarge,): "BodyTooLarge",
    (domain.UnsupportedMediaType,): "NotJson",
    (domain.InternalError,): "InternalError",
    (domain.ServiceUnavailable,): "Unavailable",
}


OPEN: Final = "OPEN"
IN_A_TEAM: Final = frozenset({"MEMBER", "TEAM_ADMIN", "OWNER"})
OWN_STATUSES: Final = "x-own-statuses"
"""Carries, while the document is made, the statuses by code in which an operation departs."""


def shared_errors(path: str, method: str, role: str) -> list[type[BillingError]]:
    """Say what any operation of this form may answer: by its method, its path and who may."""
    with_body = method in {"post", "put", "patch"}
    found: list[type[BillingError]] = [domain.InvalidRequest]
    found += [domain.MalformedBody] * with_body
    if role != OPEN:
        found += [domain.TwoCredentials, domain.NotAuthenticated, domain.InvalidCredentials]
    if role not in {OPEN, "CALLER"}:
        found.append(domain.Forbidden)
    if role in IN_A_TEAM:
        found.append(domain.NoCustomer)
    if "{tenantId}" in path:
        found += [domain.TenantMismatch, domain.TenantNotFound]
    if "{" in path.replace("{tenantId}", ""):
        found.append(domain.NotFound)
    if method == "post":
        found += [domain.IdempotencyConflict, domain.IdempotencyInProgress]
    if with_body:
        found += [domain.BodyTooLarge, domain.UnsupportedMediaType]
    return [*found, domain.InternalError, domain.ServiceUnavailable]


def refusals(*errors: type[BillingError]) -> dict[int, OpenApiResponse]:
    """Describe an operation's own errors, by status: what `responses` takes beside the answer."""
    return {
        status: OpenApiResponse(
            response=ERROR,
            description=codes_of(group),
            examples=[
                OpenApiExample(error.code, value=body_of(error), response_only=True)
                for error in group
            ],
        )
        for status, group in by_status(errors).items()
    }


def by_status(
    errors: Iterable[type[BillingError]], own: Mapping[str, int] = NO_STATUSES
) -> dict[int, list[type[BillingError]]]:
    """Sort errors by the status that they are answered with; `own` has those by code."""
    found: dict[int, list[type[BillingError]]] = {}
    for error in errors:
        found.setdefault(own.get(error.code) or _status(error), []).append(error)
    return found


def response_of(
    errors: Iterable[type[BillingError]], bodies: Mapping[str, Any], status: int | None = None
) -> dict[str, Any]:
    """Describe one status: its codes, its headers, and a real answer for each code."""
    group = list(errors)
    names = _headers(group[0], status)
    return {
        "description": codes_of(group),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {
            "application/json": {
                "schema": ERROR,
                "examples": {
                    error.code: {"value": bodies.get(error.code, body_of(error))} for error in group
                },
            }
        },
    }


def errors_named(codes: Iterable[str]) -> list[type[BillingError]]:
    """Find errors by their codes. Raises KeyError for an unknown one.

    Of several with one code it is the first by its module's name, whoever was imported first.
    """
    known: dict[str, type[BillingError]] = {}
    for error in sorted(every_error(), key=lambda one: (one.__module__, one.__qualname__)):
        known.setdefault(error.code, error)
    return [known[code] for code in codes]


def error_schema(own: Iterable[str]) -> dict[str, Any]:
    """Describe the one body that every failure has: `own` are the codes of operations."""
    shared = {error.code for error in every_error() if error.__module__ == domain.__name__}
    detail = {
        "type": "object",
        "required": ["field", "message"],
        "properties": {
            "field": {"type": "string", "examples": ["charges[0].model"]},
            "message": {"type": "string", "description": "The rule that it breaks."},
        },
    }
    parts = {
        "code": {
            "type": "string",
            "pattern": "^[A-Z][A-Z_]*$",
            "description": "Stable: program against it.",
            "examples": sorted({*own, *shared}),
        },
        "message": {"type": "string", "description": "For people; its wording may change."},
        "details": {
            "type": "array",
            "items": detail,
            "description": "Each field that is wrong, where fields are.",
        },
        "requestId": {"type": "string", "description": "As in `x-request-id`."},
    }
    return {
        "type": "object",
        "description": "What every 4xx and 5xx answers.",
        "required": ["error"],
        "properties": {
            "error": {"type": "object", "required": list(parts), "properties": parts},
        },
    }


def codes_of(errors: Iterable[type[BillingError]]) -> str:
    """List the codes with what they mean, as Markdown."""
    return "\n".join(f"- `{error.code}`: {PLACE.sub('…', error.message)}" for error in errors)


def body_of(error: type[BillingError]) -> dict[str, Any]:
    """Write the body of an error whose message is constant."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "details": [],
            "requestId": REQUEST_ID,
        }
    }


def _status(error: type[BillingError]) -> int:
    return status_of(error.__new__(error))


def _headers(error: type[BillingError], status: int | None) -> list[str]:
    blank = error.__new__(error)
    blank.retry_after = None
    return [*headers_of(blank, status), "x-request-id"]
