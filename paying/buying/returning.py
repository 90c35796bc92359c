"""Where a browser may be sent from Stripe's pages: the addresses of the setting, and below."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from billing.kernel.errors import invalid

PORTS = {"https": 443, "http": 80}


def require_return_url(address: str, *, field: str, allowed: Sequence[str]) -> str:
    """Return the address. Raises InvalidRequest where the setting does not let it be returned to.

    Without a setting every address of the web is allowed: whoever asks is the account's owner.
    """
    parts = urlsplit(address)
    # A backslash is a slash to browsers, and what stands before an @ is not the host.
    if "\\" in address or "@" in parts.netloc:
        raise invalid(field, "must not hold a backslash or a user")
    if allowed and not any(_lies_below(address, place) for place in allowed):
        raise invalid(field, "is no address that STRIPE_RETURN_URLS allows; ask whoever set it up")
    return address


def _lies_below(address: str, place: str) -> bool:
    ours, given = urlsplit(place), urlsplit(address)
    if _origin(ours.scheme, ours.hostname, ours.port) != _origin(
        given.scheme, given.hostname, given.port
    ):
        return False
    path = unquote(given.path) or "/"
    if ".." in path.split("/"):
        return False
    base = ours.path.rstrip("/")
    return path == base or path.startswith(f"{base}/")


def _origin(scheme: str, host: str | None, port: int | None) -> tuple[str, str, int | None]:
    return scheme, (host or "").lower(), port or PORTS.get(scheme)
