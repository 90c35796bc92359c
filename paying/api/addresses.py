"""The addresses of a request that a browser is sent back to, each checked, each with a default."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from paying.buying.returning import require_return_url
from paying.pages import default_return


def return_address(request: HttpRequest, given: str | None, *, field: str) -> str:
    """Return the address to come back to. Raises InvalidRequest where it is not allowed."""
    if given is None:
        return default_return(request)
    allowed = settings.BILLING["STRIPE_RETURN_URLS"]
    return require_return_url(given, field=field, allowed=allowed)
