"""Every route is found here: who may, and that nothing slipped past. See also test_openapi."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from billing.http.permissions import Need
from billing.http.portal import PortalNeed, PortalView
from billing.http.views import PlatformView

BASES = {"api/v1/billing/": (PlatformView, Need), "api/billing/v1/": (PortalView, PortalNeed)}
API = tuple(BASES)
PUBLIC = {"healthz", "readyz", "api/schema", "api/docs", "api/redoc", "stripe/return"}
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


def test_what_is_not_of_the_api_is_on_the_short_list() -> None:
    assert {path for path in classes() if not path.startswith(API)} == PUBLIC


def surface_of(path: str) -> tuple[Any, Any]:
    """Return the base that the views of a path's surface have, and their kind of needs."""
    return next(surface for base, surface in BASES.items() if path.startswith(base))


def is_open(view: Any) -> bool:
    """Say whether the view takes no credentials: its every method says so."""
    return set(view.needs.values()) <= {PortalNeed.OPEN, Need.OPEN}


def test_every_endpoint_is_of_its_surfaces_base() -> None:
    strays = [
        path
        for path, found in ENDPOINTS.items()
        if not (isinstance(found, type) and issubclass(found, surface_of(path)[0]))
    ]

    assert strays == []


def test_every_method_says_what_it_takes_and_no_other() -> None:
    wrong = {}
    for path, view in ENDPOINTS.items():
        has = {method.upper() for method in METHODS if hasattr(view, method)}
        if has != set(view.needs) or not all(
            isinstance(need, surface_of(path)[1]) for need in view.needs.values()
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
        and not (name == "authentication_classes" and is_open(view))
    }

    assert loosened == set()


@pytest.mark.django_db
def test_nobody_gets_in_without_credentials() -> None:
    open_doors = {}
    for path, view in ENDPOINTS.items():
        concrete = "/" + path.replace("<str:", "<").replace("<", "").replace(">", "")
        for method in view.needs:
            if is_open(view):
                continue
            status = Client().generic(method, concrete).status_code
            if status != 401:
                open_doors[f"{method} {path}"] = status

    assert open_doors == {}


def test_no_route_ends_with_a_slash() -> None:
    assert [path for path in classes() if path.endswith("/")] == []
