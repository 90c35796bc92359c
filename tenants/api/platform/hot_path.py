"""The way of a usage event past sessions, forms, languages and the router: it needs none."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, cast

from django.http import HttpRequest, HttpResponse

from tenants.api.platform.recording import RecordingView, UsageBatchView, UsageView

HOT: Final = re.compile(r"/api/v1/billing/tenants/([^/]+)/usage(/batch)?")


class HotPathMiddleware:
    """Answer POSTs of usage here. Any other method, and any other path, goes on as usual.

    What stands before it in MIDDLEWARE still holds: request ids, TLS and HSTS, the body's limit.
    What stands behind it is done by hand where it says something to a program: the host's check,
    the length of the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.one = UsageView()
        self.batch = UsageBatchView()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = HOT.fullmatch(request.path_info) if request.method == "POST" else None
        if found is None:
            return self.get_response(request)
        view: RecordingView = self.batch if found[2] else self.one
        response = cast("HttpResponse", view.dispatch(request, tenant_id=found[1]))
        response["X-Frame-Options"] = "DENY"
        response["Content-Length"] = str(len(response.content))
        return response
