"""Who acts in the back office: audit entries name the staff that signed in."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from billing.kernel import context


class StaffActorMiddleware:
    """Set the actor to `staff:<username>` under /admin. The request's id middleware resets it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/admin/") and request.user.is_authenticated:
            context.actor.set(f"staff:{request.user.get_username()}")
        return self.get_response(request)
