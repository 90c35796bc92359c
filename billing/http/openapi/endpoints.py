"""Which endpoints there are: a walk over the URLconf that finds plain views too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator

from billing.http.openapi.described import description_of

OUTSIDE: Final = ("admin/", "static/", "api/schema", "api/docs", "api/redoc")


def routes(
    patterns: Sequence[URLPattern | URLResolver] | None = None, prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """Yield each route of the URLconf with its view, but for the pages of people."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if route.startswith(OUTSIDE):
            continue
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


class Endpoints(EndpointEnumerator):
    """The endpoints of the document: those of DRF, and plain views that are `described_by` one."""

    def _get_api_endpoints(self, patterns: Any, prefix: str) -> list[tuple[str, str, str, Any]]:
        found = []
        for route, view in routes(patterns or self.patterns, prefix):
            description = description_of(view)
            if description is None:
                continue
            callback = description.as_view()
            path = self.get_path_from_regex(route)  # type: ignore[no-untyped-call]
            found += [
                (path, route, method, callback)
                for method in self.get_allowed_methods(callback)  # type: ignore[no-untyped-call]
            ]
        return found


class Generator(SchemaGenerator):
    """drf-spectacular's own, with our endpoints."""

    endpoint_inspector_cls = Endpoints
