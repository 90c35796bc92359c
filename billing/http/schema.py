"""The API document and its two pages: open to all, of our own files, nothing from outside."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.errors import json_response, translate

JSON: Final = "application/vnd.oai.openapi+json"
# What both pages need, and nothing else: scripts are files of ours; the two libraries write their
# styles into the page; Redoc searches in a worker that it makes of a blob.
POLICY: Final = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; "
    "font-src 'self'; "
    "connect-src 'self'; "
    "worker-src 'self' blob:; "
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'"
)


@lru_cache(maxsize=1)
def document() -> tuple[bytes, str]:
    """Return the document and its ETag: made once a process, since it follows the code alone."""
    generator: type[SchemaGenerator] = spectacular_settings.DEFAULT_GENERATOR_CLASS
    with translation.override("en"):
        made = generator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    content = json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
    return content, f'"{hashlib.sha256(content).hexdigest()}"'


@csrf_exempt
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Answer the document as JSON."""
    content, etag = document()
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers={"ETag": etag})
    return HttpResponse(
        content, content_type=JSON, headers={"ETag": etag, "Cache-Control": "no-cache"}
    )


class Page:
    """What the two pages have in common."""

    renderer_classes = (TemplateHTMLRenderer,)
    permission_classes = (AllowAny,)
    authentication_classes = ()

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[misc]
        response["Content-Security-Policy"] = POLICY
        return response

    def handle_exception(self, exc: Exception) -> HttpResponse:
        """Refuse in the API's own shape, not as a page."""
        return json_response(translate(exc))


class DocsView(Page, SpectacularSwaggerSplitView):  # type: ignore[misc]
    """Swagger UI: to read, and to try."""

    template_name = "api/docs.html"


class RedocView(Page, SpectacularRedocView):  # type: ignore[misc]
    """Redoc: to read."""

    template_name = "api/redoc.html"
