"""Tokens that were verified already: a producer sends the same one with every event."""

from __future__ import annotations

from typing import Final

from billing.http.callers import Caller

LIMIT: Final = 1_000

_callers: dict[tuple[object, ...], tuple[Caller, int]] = {}


def remembered(key: tuple[object, ...], *, now: float) -> Caller | None:
    """Return whose token it is, if it was verified and its `exp` (seconds since 1970) is to come.

    `key` holds the token and all that its verification depends on.
    """
    found = _callers.get(key)
    if found is None or found[1] <= now:
        return None
    return found[0].anew()


def remember(key: tuple[object, ...], caller: Caller, expires_at: int) -> None:
    """Keep what has verified. Nothing else is kept."""
    if len(_callers) >= LIMIT:
        _callers.clear()
    _callers[key] = (caller.anew(), expires_at)
