"""Where a browser comes back to from Stripe's pages, where nobody said another place."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

PATH = "/stripe/return"


@csrf_exempt
@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """Say that it is done. Nothing is done here: what was bought is told by webhook."""
    return render(request, "paying/return.html")


def own_return() -> str:
    """Return where a browser comes back to from a page that no request asked for."""
    allowed: tuple[str, ...] = settings.BILLING["STRIPE_RETURN_URLS"]
    if allowed:
        return allowed[0]
    secure = settings.BILLING["BILLING_SECURE"]
    host = settings.BILLING["ALLOWED_HOSTS"][0]
    port = settings.BILLING["BILLING_PORT"]
    return f"https://{host}{PATH}" if secure else f"http://{host}:{port}{PATH}"


def default_return(request: HttpRequest) -> str:
    """Return the first address of STRIPE_RETURN_URLS, else this page."""
    allowed: tuple[str, ...] = settings.BILLING["STRIPE_RETURN_URLS"]
    return allowed[0] if allowed else request.build_absolute_uri(PATH)
