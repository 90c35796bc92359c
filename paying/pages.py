"""Where a browser comes back to from Stripe's pages, where nobody said another place."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

PATH = "/stripe/return"


@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """Say that it is done. Nothing is done here: what was bought is told by webhook."""
    return render(request, "paying/return.html")


def default_return(request: HttpRequest) -> str:
    """Return the first address of STRIPE_RETURN_URLS, else this page."""
    allowed: tuple[str, ...] = settings.BILLING["STRIPE_RETURN_URLS"]
    return allowed[0] if allowed else request.build_absolute_uri(PATH)
