"""The API document holds every endpoint, whole, and nothing that is not so."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from billing.http.openapi.described import description_of
from billing.http.permissions import Need
from tests.api.document import generate
from tests.scenarios.world import token

METHODS = ("get", "put", "post", "delete", "patch")
PAGES = ("admin/", "api/schema", "api/docs", "api/redoc", "stripe/return")
OPEN = {"/healthz", "/readyz"}
UNKEPT = {"application/json", "text/event-stream", "text/csv"}
"""What is made anew for each request; documents have an ETag."""
TEAM = {"MEMBER", "TEAM_ADMIN", "OWNER"}


@pytest.fixture(scope="module")
def document() -> Any:
    return generate()


def routes(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the URLconf, by a walk of the test's own."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and not route.startswith(PAGES):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
            yield "/" + re.sub(r"_([a-z])", lambda m: m[1].upper(), path), pattern.callback


ROUTES = dict(routes())


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def resolved(document: Any, part: Any) -> Any:
    """Follow a reference of the document, where it is one."""
    if "$ref" not in part:
        return part
    found = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_every_route_is_in_the_document_and_no_other(document: Any) -> None:
    assert set(document["paths"]) == set(ROUTES)
    assert len(ROUTES) >= 20


@pytest.mark.parametrize("path", sorted(ROUTES))
def test_every_view_is_described_and_so_is_each_method_that_it_takes(
    document: Any, path: str, db: None
) -> None:
    description = description_of(ROUTES[path])
    assert description is not None, f"{path}: tie the plain view to its @described_by"
    described = {method for method in METHODS if method in document["paths"][path]}
    assert described == {m for m in METHODS if hasattr(description, m)}
    if path not in OPEN:
        assert {m.upper() for m in described} == set(getattr(description, "needs", {}))
    client = Client(headers={"Authorization": f"Bearer {token('billing_admin')}"})
    for method in set(METHODS) - described:
        given = {"data": b"{}", "content_type": "application/json"} if method != "get" else {}
        response = getattr(client, method)(re.sub(r"\{\w+\}", "x", path), **given)
        assert response.status_code == 405, (method, response.content)


def test_every_operation_says_what_it_is(document: Any) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]), where
        assert operation["summary"].strip(), where
        assert not operation["summary"].endswith("."), where
        assert len(operation["tags"]) == 1, where
        assert operation["tags"][0] in tags, where


def test_every_operation_says_who_may_and_how_to_authenticate(document: Any) -> None:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        if path in OPEN or operation["x-required-role"] == "OPEN":
            assert operation["security"] == [], where
            continue
        assert operation["security"] == [{"bearer": []}, {"apiKey": [], "apiSecret": []}], where
        description = description_of(ROUTES[path])
        need = description.needs[method.upper()]  # type: ignore[union-attr]
        assert operation["x-required-role"] == need.name, where
        assert "**Who may:** " in operation["description"], where
        if need is not Need.CALLER:
            scopes = operation["x-required-scopes"]
            assert all(f"`{scope}`" in operation["description"] for scope in scopes), where
            assert scopes, where


def test_every_operation_names_the_errors_that_it_may_answer(document: Any) -> None:
    for path, method, operation in operations(document):
        if path in OPEN:
            continue
        wanted = {"400", "500", "503"}
        wanted |= {"401"} if operation["x-required-role"] != "OPEN" else set()
        wanted |= {"413", "415"} if method in {"post", "put", "patch"} else set()
        wanted |= {"409"} if method == "post" else set()
        wanted |= {"404"} if "{" in path else set()
        wanted |= {"403"} if operation["x-required-role"] not in {"CALLER", "OPEN"} else set()
        wanted |= {"404"} if operation["x-required-role"] in TEAM else set()
        refused = {status for status in operation["responses"] if status >= "400"}
        assert wanted <= refused, (method, path)
        for status in refused:
            response = resolved(document, operation["responses"][status])
            media = response["content"]["application/json"]
            assert media["schema"] == {"$ref": "#/components/schemas/Error"}
            assert {"x-error", "x-error-id", "x-request-id"} <= set(response["headers"])
            assert ("Retry-After" in response["headers"]) == (status in {"429", "503"})
            assert ("WWW-Authenticate" in response["headers"]) == (status == "401")
            for code, example in media["examples"].items():
                error = example["value"]["error"]
                assert error["code"] == code
                assert f"`{code}`" in response["description"]
                assert not re.search(r"\{\w*\}", error["message"]), f"{code}: tell it in the story"


def test_every_post_takes_an_idempotency_key_and_every_request_an_id(document: Any) -> None:
    for path, method, operation in operations(document):
        headers = {
            parameter["name"]
            for parameter in (resolved(document, p) for p in operation["parameters"])
            if parameter["in"] == "header"
        }
        assert "x-request-id" in headers, (method, path)
        assert ("Idempotency-Key" in headers) == (method == "post"), (method, path)


def test_every_operation_shows_a_real_request_and_a_real_answer(document: Any) -> None:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["x-codeSamples"][0]["source"].startswith("curl "), where
        for parameter in operation["parameters"]:
            assert parameter.get("in") != "path" or "example" in parameter, where
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert media["examples"], where
        successes = [r for s, r in operation["responses"].items() if s < "300"]
        for response in successes:
            for kind, media in response.get("content", {}).items():
                assert kind != "application/json" or media["examples"], where
                assert kind in UNKEPT or "example" in response["headers"]["ETag"], where


def bodies(document: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield each example with the pointer to its schema: (name, value, pointer)."""
    for path, method, operation in operations(document):
        escaped = path.replace("~", "~0").replace("/", "~1")
        here = f"#/paths/{escaped}/{method}"
        parts = {f"{here}/responses/{s}": r for s, r in operation["responses"].items()}
        if "requestBody" in operation:
            parts[f"{here}/requestBody"] = operation["requestBody"]
        for pointer, part in parts.items():
            if "$ref" in part:
                pointer, part = part["$ref"], resolved(document, part)  # noqa: PLW2901
            for kind, media in part.get("content", {}).items():
                schema = f"{pointer}/content/{kind.replace('/', '~1')}/schema"
                for name, example in media.get("examples", {}).items():
                    yield f"{method} {path}: {name}", example["value"], schema


def closed(document: Any) -> Any:
    """Return the document with every object closed: what is answered must be described."""
    strict = copy.deepcopy(document)
    todo = [strict["components"]["schemas"]]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            if "properties" in part and part.get("type") == "object":
                part.setdefault("additionalProperties", False)
            todo += part.values()
        elif isinstance(part, list):
            todo += part
    strict["components"]["schemas"]["Error"]["additionalProperties"] = True  # `extra` beside it
    return strict


def test_every_example_is_valid_under_its_own_schema_and_holds_no_field_beside_it(
    document: Any,
) -> None:
    strict = closed(document)
    resource = DRAFT202012.create_resource(strict)
    registry = Registry().with_resource("urn:api", resource)
    seen = 0
    for where, value, pointer in bodies(strict):
        validator = Draft202012Validator(
            {"$ref": f"urn:api{pointer}"},
            registry=registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        problems = [f"{e.json_path}: {e.message}" for e in validator.iter_errors(value)]
        assert problems == [], where
        seen += 1
    assert seen > 100


def test_the_document_is_valid_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [str(problem) for problem in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_making_the_document_warns_of_nothing() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_no_float_and_no_address_of_anyone_stands_in_the_document(document: Any) -> None:
    """Nor is any number a fraction, but the one that is neither money nor quantity: a mean."""

    def floats(part: Any) -> Iterator[Any]:
        if isinstance(part, dict):
            for name, value in part.items():
                if name != "avgMemberCount" or not isinstance(value, float):
                    yield from floats(value)
        elif isinstance(part, list):
            for value in part:
                yield from floats(value)
        elif isinstance(part, float):
            yield part

    assert list(floats(document)) == []
    hosts = set(re.findall(r"https?:/*([^/'\"\s]*)", str(document)))
    assert {host for host in hosts if host and not host.endswith(".example")} == set()
