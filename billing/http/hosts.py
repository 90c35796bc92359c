"""The host's check, as Django does it, for requests that never become one of Django's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def require_host(environ: Mapping[str, Any]) -> None:
    """Raise DisallowedHost where Django would. Names that are good are remembered."""
    _require(
        environ.get("HTTP_HOST"),
        environ["SERVER_NAME"],
        environ["SERVER_PORT"],
        tuple(settings.ALLOWED_HOSTS),
    )


@lru_cache(maxsize=256)
def _require(host: str | None, name: str, port: str, _allowed: tuple[str, ...]) -> None:
    request = HttpRequest()
    request.META = {"SERVER_NAME": name, "SERVER_PORT": port}
    if host is not None:
        request.META["HTTP_HOST"] = host
    request.get_host()
