"""The hook that completes the document: shared errors, headers, real requests and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from billing.http.openapi import examples
from billing.http.openapi.headers import HEADERS, PARAMETERS
from billing.http.openapi.refusals import (
    NAMES,
    OWN_STATUSES,
    by_status,
    error_schema,
    errors_named,
    response_of,
    shared_errors,
)

METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})


def complete(
    result: dict[str, Any],
    generator: Any,
    request: Any,
    public: bool,  # noqa: FBT001
) -> dict[str, Any]:
    """Add to every operation what all of them share, and what was recorded of it."""
    components = result.setdefault("components", {})
    components["headers"] = HEADERS
    components["parameters"] = PARAMETERS
    result["paths"] = {camel(path): item for path, item in result["paths"].items()}
    recorded = examples.recorded()
    bodies = examples.bodies_by_code(recorded)
    components["responses"] = {name: response_of(group, bodies) for group, name in NAMES.items()}
    for path, method, operation in operations(result):
        name_parameters(operation)
        add_headers(operation, method)
        operation["security"] = [way for way in operation.get("security", []) if way]
        add_errors(operation, path, method, bodies)
        examples.add(operation, path, recorded.get(operation["operationId"], []))
    own = {
        code
        for _, _, operation in operations(result)
        for response in operation["responses"].values()
        for code in error_codes(response)
    }
    components.setdefault("schemas", {})["Error"] = error_schema(own)
    used = str(result["paths"])
    for kind in ("responses", "headers", "parameters"):
        components[kind] = {
            name: part
            for name, part in components[kind].items()
            if kind == "headers" or f"#/components/{kind}/{name}'" in used
        }
    return result


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each operation with its path and method."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def camel(name: str) -> str:
    """Spell path parameters as the API spells its fields: tenant_id is tenantId."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def name_parameters(operation: dict[str, Any]) -> None:
    """Spell an operation's path parameters like its path."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["name"] = camel(parameter["name"])


def add_headers(operation: dict[str, Any], method: str) -> None:
    """Name the headers that every request may carry, and every answer carries."""
    wanted = ["RequestId"]
    answered = ["x-request-id"]
    if method == "post":
        wanted.insert(0, "IdempotencyKey")
        answered.insert(0, "Idempotent-Replayed")
    parameters = operation.setdefault("parameters", [])
    parameters += [{"$ref": f"#/components/parameters/{name}"} for name in wanted]
    for status, response in operation["responses"].items():
        if status < "400":
            headers = response.setdefault("headers", {})
            headers |= {name: {"$ref": f"#/components/headers/{name}"} for name in answered}


def add_errors(operation: dict[str, Any], path: str, method: str, bodies: dict[str, Any]) -> None:
    """Join an operation's own refusals with those that any of its form may answer."""
    role = operation.get("x-required-role")
    statuses = operation.pop(OWN_STATUSES, {})
    responses = operation["responses"]
    shared = shared_errors(path, method, role) if role else []
    own = [
        code for status, part in responses.items() if status >= "400" for code in error_codes(part)
    ]
    named = {error.code for error in shared}
    every = [*errors_named(code for code in own if code not in named), *shared]
    for status in [status for status in responses if status >= "400"]:
        del responses[status]
    for status, group in by_status(every, statuses).items():
        name = NAMES.get(tuple(group))
        responses[str(status)] = (
            {"$ref": f"#/components/responses/{name}"}
            if name
            else response_of(group, bodies, status)
        )
    operation["responses"] = dict(sorted(responses.items()))


def error_codes(response: dict[str, Any]) -> list[str]:
    """Return the codes that a response shows."""
    return [
        example["value"]["error"]["code"]
        for media in response.get("content", {}).values()
        for example in media.get("examples", {}).values()
        if "error" in example["value"]
    ]
