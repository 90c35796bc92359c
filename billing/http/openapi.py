"""What every operation of the API document shares: who calls, errors, idempotency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from billing.http.errors import status_of
from billing.kernel import errors as domain
from billing.kernel.errors import BillingError, every_error

METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})
ERROR: Final = {"$ref": "#/components/schemas/Error"}
HEADERS: Final = {
    "x-error": "The message, as one line of printable ASCII.",
    "x-error-id": "MD5 of the error's constant message: equal errors share it.",
    "x-request-id": "The id of this request, also in the logs.",
}
Shared = Mapping[str, tuple[str, tuple[type[BillingError], ...]]]
ALWAYS: Final[Shared] = {
    "400": ("BadRequest", (domain.InvalidRequest, domain.MalformedBody, domain.TwoCredentials)),
    "401": ("NotAuthenticated", (domain.NotAuthenticated, domain.InvalidCredentials)),
    "403": ("Forbidden", (domain.Forbidden, domain.TenantMismatch)),
    "500": ("InternalError", (domain.InternalError,)),
    "503": ("Unavailable", (domain.ServiceUnavailable,)),
}
WITH_PATH_ID: Final[Shared] = {"404": ("NotFound", (domain.NotFound, domain.TenantNotFound))}
WITH_BODY: Final[Shared] = {
    "413": ("BodyTooLarge", (domain.BodyTooLarge,)),
    "415": ("NotJson", (domain.UnsupportedMediaType,)),
}
POSTED: Final[Shared] = {
    "409": ("KeyInUse", (domain.IdempotencyConflict, domain.IdempotencyInProgress)),
}
IDEMPOTENCY_KEY: Final = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Sent again within 24 hours, the same request is answered as the first time "
    "(with `Idempotent-Replayed: true`) and done once; another request under the key is a 409.",
}


class CallerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The two ways in: a bearer token, or an API key with its secret."""

    target_class = "billing.http.auth.CallerAuthentication"
    name = ["bearer", "apiKey", "apiSecret"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            {"type": "apiKey", "in": "header", "name": "api-key"},
            {"type": "apiKey", "in": "header", "name": "api-secret"},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{"bearer": []}, {"apiKey": [], "apiSecret": []}]


def example_in(name: str, value: Any) -> OpenApiExample:
    """Show what a caller sends."""
    return OpenApiExample(name, value=value, request_only=True)


def example_out(name: str, value: Any, *, status: int = 200) -> OpenApiExample:
    """Show what is answered."""
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


def example_page(name: str, item: Any) -> OpenApiExample:
    """Show a list with one thing in it."""
    pagination = {"page": 0, "size": 20, "totalElements": 1, "totalPages": 1, "hasNext": False}
    return example_out(name, {"data": [item], "pagination": pagination})


def refusals(*errors: type[BillingError]) -> dict[int, OpenApiResponse]:
    """Describe an operation's own errors, by status: what `responses` takes beside the answer."""
    by_status: dict[int, list[type[BillingError]]] = {}
    for error in errors:
        by_status.setdefault(_status(error), []).append(error)
    return {
        status: OpenApiResponse(
            response=ERROR,
            description=_codes(group),
            examples=[
                OpenApiExample(error.code, value=_body(error), response_only=True)
                for error in group
            ],
        )
        for status, group in by_status.items()
    }


def add_shared(
    result: dict[str, Any],
    generator: Any,
    request: Any,
    public: bool,  # noqa: FBT001
) -> dict[str, Any]:
    """Add to every operation the errors that any may answer. (A hook of drf-spectacular.)"""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Error"] = error_schema()
    shared = {**ALWAYS, **WITH_PATH_ID, **WITH_BODY, **POSTED}
    components["responses"] = {name: _response(group) for name, group in shared.values()}
    result["paths"] = {_camel(path): item for path, item in result.get("paths", {}).items()}
    for path, item in result["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                _name_parameters(operation)
                _add_to(operation, path, method)
    return result


def _camel(name: str) -> str:
    """Spell path parameters as the API spells its fields: tenant_id is tenantId."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def _name_parameters(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["name"] = _camel(parameter["name"])


def _add_to(operation: dict[str, Any], path: str, method: str) -> None:
    wanted = dict(ALWAYS)
    if "{" in path:
        wanted |= WITH_PATH_ID
    if "requestBody" in operation:
        wanted |= WITH_BODY
    if method == "post":
        wanted |= POSTED
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    responses = operation.setdefault("responses", {})
    for status, (name, _) in wanted.items():
        responses.setdefault(status, {"$ref": f"#/components/responses/{name}"})
    for status, response in responses.items():
        if status[0] in "45" and "$ref" not in response:
            response["headers"] = _headers()
    operation["responses"] = dict(sorted(responses.items()))


def error_schema() -> dict[str, Any]:
    """Describe the one body that every failure has."""
    codes = sorted({error.code for error in every_error()})
    return {
        "type": "object",
        "description": "What every 4xx and 5xx answers.",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "details", "requestId"],
                "properties": {
                    "code": {"type": "string", "description": "Stable.", "examples": codes},
                    "message": {"type": "string"},
                    "details": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["field", "message"],
                            "properties": {
                                "field": {"type": "string", "examples": ["charges[0].model"]},
                                "message": {"type": "string"},
                            },
                        },
                    },
                    "requestId": {"type": "string"},
                },
            }
        },
    }


def _response(group: tuple[type[BillingError], ...]) -> dict[str, Any]:
    return {
        "description": _codes(group),
        "headers": _headers(),
        "content": {
            "application/json": {
                "schema": ERROR,
                "examples": {error.code: {"value": _body(error)} for error in group},
            }
        },
    }


def _headers() -> dict[str, Any]:
    return {
        name: {"description": meaning, "schema": {"type": "string"}}
        for name, meaning in HEADERS.items()
    }


def _codes(group: Any) -> str:
    return "\n".join(f"- `{error.code}`: {error.message}" for error in group)


def _status(error: type[BillingError]) -> int:
    return status_of(error.__new__(error))


def _body(error: type[BillingError]) -> dict[str, Any]:
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "details": [],
            "requestId": "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11",
        }
    }
