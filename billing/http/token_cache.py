"""Tokens that were verified already: a producer sends the same one with every event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

LIMIT: Final = 1_000

_claims: dict[tuple[object, ...], dict[str, Any]] = {}


def remembered(
    key: tuple[object, ...], verify: Callable[[], dict[str, Any]], *, now: float
) -> dict[str, Any]:
    """Return a token's claims, verified once until its `exp` (seconds since 1970) has come.

    `key` holds the token and all that its verification depends on. Only what verifies is kept.
    """
    claims = _claims.get(key)
    if claims is not None and claims["exp"] > now:
        return claims
    claims = verify()
    if type(claims["exp"]) is not int:
        return claims
    if len(_claims) >= LIMIT:
        _claims.clear()
    _claims[key] = claims
    return claims
