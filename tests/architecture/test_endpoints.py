"""Every route is found here: who may, how it is described, and that nothing slipped past."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from billing.http.permissions import Need
from billing.http.views import PlatformView

API = "api/v1/billing/"
PUBLIC = {"healthz", "readyz", "api/schema", "api/docs", "api/redoc"}
METHODS = {"get", "post", "put", "patch", "delete"}


def routes(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the URLconf: (path, view) of everything but the back office."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if path.startswith("admin/"):
            continue
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


def classes() -> dict[str, Any]:
    return {path: getattr(view, "cls", None) or view for path, view in routes()}


ENDPOINTS = {path: found for path, found in classes().items() if path.startswith(API)}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    response = Client().get("/api/schema")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def test_what_is_not_of_the_api_is_on_the_short_list() -> None:
    assert {path for path in classes() if not path.startswith(API)} == PUBLIC


def test_every_endpoint_is_of_the_one_base() -> None:
    strays = [
        path
        for path, found in ENDPOINTS.items()
        if not (isinstance(found, type) and issubclass(found, PlatformView))
    ]

    assert strays == []


def test_every_method_says_what_it_takes_and_no_other() -> None:
    wrong = {}
    for path, view in ENDPOINTS.items():
        has = {method.upper() for method in METHODS if hasattr(view, method)}
        if has != set(view.needs) or not all(
            isinstance(need, Need) for need in view.needs.values()
        ):
            wrong[path] = (has, view.needs)

    assert wrong == {}


def test_no_endpoint_loosens_what_the_base_holds() -> None:
    held = ("authentication_classes", "renderer_classes")
    loosened = {
        path
        for path, view in ENDPOINTS.items()
        for name in held
        if getattr(view, name) != getattr(PlatformView, name)
    }

    assert loosened == set()


@pytest.mark.django_db
def test_nobody_gets_in_without_credentials() -> None:
    open_doors = {}
    for path, view in ENDPOINTS.items():
        concrete = "/" + path.replace("<str:", "<").replace("<", "").replace(">", "")
        for method in view.needs:
            status = Client().generic(method, concrete).status_code
            if status != 401:
                open_doors[f"{method} {path}"] = status

    assert open_doors == {}


def test_no_route_ends_with_a_slash() -> None:
    assert [path for path in classes() if path.endswith("/")] == []


def test_the_document_has_every_endpoint_and_no_other(schema: dict[str, Any]) -> None:
    served = sum(len(view.needs) for view in ENDPOINTS.values())

    assert schema["openapi"].startswith("3.1")
    assert len(list(operations(schema))) == served
    assert len({operation["operationId"] for _, _, operation in operations(schema)}) == served


def test_every_operation_says_what_it_does_and_who_may(schema: dict[str, Any]) -> None:
    wordless = [
        f"{method} {path}"
        for path, method, operation in operations(schema)
        if not (operation.get("summary") and operation.get("description") and operation["tags"])
        or operation["security"] != [{"bearer": []}, {"apiKey": [], "apiSecret": []}]
    ]

    assert wordless == []


def test_every_body_has_an_example(schema: dict[str, Any]) -> None:
    bare = []
    for path, method, operation in operations(schema):
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [
            response.get("content", {})
            for status, response in operation["responses"].items()
            if status.startswith("2")
        ]
        media = [
            content["application/json"] for content in contents if "application/json" in content
        ]
        if not all(part.get("examples") for part in media):
            bare.append(f"{method} {path}")

    assert bare == []


def test_every_operation_names_the_errors_that_any_may_answer(schema: dict[str, Any]) -> None:
    wanted = {"400", "401", "403", "500", "503"}

    silent = [
        f"{method} {path}"
        for path, method, operation in operations(schema)
        if not wanted <= set(operation["responses"])
        or ("{" in path and "404" not in operation["responses"])
        or ("requestBody" in operation and not {"413", "415"} <= set(operation["responses"]))
    ]

    assert silent == []


@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
def test_the_documents_pages_ask_nobody_else(path: str) -> None:
    response = Client().get(path)

    assert response.status_code == 200
    text = response.content.decode()
    assert "https://" not in text.replace("https://www.w3.org", "")
    assert "//cdn" not in text
