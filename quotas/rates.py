"""Counting rates in Valkey: one script a call, which counts all of an amount or nothing of it.

A count's key names whose it is, the feature and the start of its window, so a window that is over
is never looked at again, and its key expires by itself. Every time comes from the caller: Valkey's
own clock only decides when a key that nobody needs any more is forgotten. Scripts run one after
the other, so with a limit of N, N of any number of calls are granted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import redis
from django.conf import settings

from billing.kernel.errors import IdempotencyConflict
from quotas.valkey import client
from quotas.windows import Span, span_of
from quotas.wire import call

PREFIX: Final = "billing:rate:"
GRACE_SECONDS: Final = 60
"""A key outlives its window by this: other servers' clocks may run behind."""
FROZEN_SECONDS: Final = 40 * 86_400
"""On a test clock a window lasts until the clock is moved: a key is kept so long after its use."""
OUTCOME_SECONDS: Final = 86_400
MOST: Final = 9 * 10**15
"""Where counting an unlimited rate ends: the script's numbers are exact up to 2^53."""
SCANNED: Final = 1_000
GRANTED, COUNTED_BEFORE = 1, 2

# ARGV: amount, limit (-1: none), seconds to keep, 1 for a trial, fingerprint, where counting ends,
# seconds to keep an outcome, the window's end.
# KEYS[2], where there is one, holds the outcome of an Idempotency-Key: what was counted under it is
# not counted again, even if the process died before it could answer.
SCRIPT: Final = """
if KEYS[2] then
    local kept = redis.call('GET', KEYS[2])
    if kept then
        return {2, kept}
    end
end
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local amount, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
if limit >= 0 and used + amount > limit then
    return {0, string.format('%.0f', used)}
end
local sum = string.format('%.0f', math.min(used + amount, tonumber(ARGV[6])))
if ARGV[4] == '0' then
    redis.call('SET', KEYS[1], sum, 'EX', ARGV[3])
    if KEYS[2] then
        redis.call('SET', KEYS[2], table.concat({ARGV[5], ARGV[8], sum}, ':'), 'EX', ARGV[7])
    end
end
return {1, sum}
"""
DIGEST: Final = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A feature's rate of one customer (its account's id) or one address (`ip:` and it)."""

    subject: str
    service_name: str
    feature_key: str
    window: str
    limit: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether all was granted, what is used of the window afterwards, and when that ends."""

    is_granted: bool
    used: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class OnceKey:
    """An Idempotency-Key as the script remembers it: whose, and of which request."""

    name: str
    fingerprint: str


def spend(
    rate: Rate,
    amount: int,
    *,
    dry: bool,
    is_frozen: bool,
    once: OnceKey | None = None,
    now: datetime,
) -> Outcome:
    """Take `amount` (at least 1) of the window that holds `now`, or nothing; a trial takes nothing.

    Raises IdempotencyConflict for a key that counted another request; redis.RedisError.
    """
    span = span_of(rate.window, now)
    keys = [_key(rate, span)]
    if once is not None and not dry:
        keys.append(f"{PREFIX}once:{once.name}")
    seconds = FROZEN_SECONDS if is_frozen else span.end - int(now.timestamp()) + GRACE_SECONDS
    fingerprint = "" if once is None else once.fingerprint
    given: list[int | str] = [
        amount,
        rate.limit,
        seconds,
        int(dry),
        fingerprint,
        MOST,
        OUTCOME_SECONDS,
        span.end,
    ]
    code, said = _script(keys=keys, args=given)
    if code == COUNTED_BEFORE:
        known, ends_at, used = said.decode().split(":")
        if known != fingerprint:
            raise IdempotencyConflict
        return Outcome(is_granted=True, used=int(used), ends_at=int(ends_at))
    return Outcome(code == GRANTED, int(said), span.end)


def used_of(rates: Sequence[Rate], *, now: datetime) -> list[int]:
    """Return what is used of each one's window, in one call. Raises redis.RedisError."""
    if not rates:
        return []
    keys = [_key(rate, span_of(rate.window, now)) for rate in rates]
    return [int(value or 0) for value in client().mget(keys)]


def forget(account_id: UUID) -> None:
    """Remove every count of an account. Raises redis.RedisError; they expire anyway."""
    connection = client()
    cursor = 0
    while True:
        cursor, keys = connection.scan(cursor, match=f"{PREFIX}{account_id}:*", count=SCANNED)
        if keys:
            connection.unlink(*keys)
        if cursor == 0:
            return


def _script(*, keys: list[str], args: list[int | str]) -> tuple[int, bytes]:
    """Run the script by its digest; a Valkey that does not know it has done nothing, and learns."""
    url = settings.BILLING["REDIS_URL"]
    try:
        found = call(url, "EVALSHA", DIGEST, len(keys), *keys, *args)
    except redis.ResponseError as error:
        if not str(error).startswith("NOSCRIPT"):
            raise
        found = call(url, "EVAL", SCRIPT, len(keys), *keys, *args)
    code, said = cast("list[Any]", found)
    return code, said


def _key(rate: Rate, span: Span) -> str:
    # The service's length parts it from the feature: no two pairs of names make the same key.
    names = f"{len(rate.service_name)}:{rate.service_name}:{rate.feature_key}"
    return f"{PREFIX}{rate.subject}:{rate.window}:{span.start}:{names}"
