"""Which period and which prices hold at an instant, and the lock that keeps this so.

An account's timeline is cut into stretches: a billing period met with a segment under one plan
version. Recording takes the timeline's shared lock before it reads the stretches; whoever changes
periods or segments takes the exclusive one and rebuilds what was counted by the old ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from billing.kernel.errors import TenantNotFound

LOCK_CLASS: Final = 0x4D455452
"""The first number of our advisory locks: "METR". The second one is the account's."""

DAWN: Final = datetime(1, 1, 1, tzinfo=UTC)
DUSK: Final = datetime(9999, 12, 31, tzinfo=UTC)

STRETCHES: Final = """
SELECT p.account_id, greatest(p.start_at, s.start_at), least(p.end_at, s.end_at),
       p.id, p.is_trial, s.plan_version_id
FROM billing_subscriptionperiod p
JOIN billing_segment s ON s.subscription_id = p.subscription_id
WHERE p.account_id = ANY(%s::uuid[]) AND p.end_at > %s AND p.start_at <= %s
  AND s.start_at < p.end_at AND (s.end_at IS NULL OR s.end_at > p.start_at)
  AND greatest(p.start_at, s.start_at) < least(p.end_at, s.end_at)
ORDER BY 1, 2, p.id
"""

UNUSUAL: Final = """
SELECT * FROM (
    SELECT a.id, a.closed_at IS NOT NULL AS is_closed, EXISTS (
        SELECT FROM billing_usagequota q WHERE q.account_id = a.id AND q.is_active) AS is_limited
    FROM billing_account a WHERE a.id = ANY(%s::uuid[])
) AS found WHERE is_closed OR is_limited
"""
"""Accounts that are closed, and take no usage, or that have quotas. Asked under the timeline's
lock, which those take too who close an account or change its quotas."""

LOCK_EXCLUSIVE: Final = "SELECT pg_advisory_xact_lock(%s, n) FROM unnest(%s::int[]) AS n"
NEXT_VERSION: Final = """
WITH uncounted AS (
    UPDATE billing_quotawindow SET is_counted = false
    WHERE account_id = ANY(%(accounts)s::uuid[]) AND is_counted
)
INSERT INTO billing_usagetimeline AS t (account_id, version)
SELECT id, 1 FROM unnest(%(accounts)s::uuid[]) AS id
ON CONFLICT (account_id) DO UPDATE SET version = t.version + 1
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """[start, end) of an account in one period under one plan version. A trial charges nothing.

    Without a period (`period_id` is None) it is a time of no subscription.
    """

    start: datetime
    end: datetime
    period_id: str | None = None
    is_trial: bool = False
    plan_version_id: UUID | None = None


class Timeline:
    """An account's stretches in order; what lies between them is a stretch of no period."""

    __slots__ = ("_starts", "_stretches")

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        whole: list[Stretch] = []
        reached = DAWN
        for stretch in stretches:
            if stretch.start < reached:  # two subscriptions at once: the one that began first
                continue
            if stretch.start > reached:
                whole.append(Stretch(reached, stretch.start))
            whole.append(stretch)
            reached = stretch.end
        whole.append(Stretch(reached, DUSK))
        self._stretches = whole
        self._starts = [stretch.start for stretch in whole]

    def at(self, moment: datetime) -> Stretch:
        return self._stretches[bisect_right(self._starts, moment) - 1]


def lock_number(account_id: UUID) -> int:
    """Return the second number of an account's lock: 32 random bits of its id, signed."""
    return (account_id.int & 0xFFFFFFFF) - 0x80000000


def lock_timeline_exclusive(account_id: UUID) -> None:
    """Keep everyone from recording for the account until the caller's transaction ends.

    Take it before the timeline is changed, after the account's own lock. What processes have
    kept of the timeline is out of date once the transaction commits; so are the sums of quotas'
    windows, which are counted anew when they are next needed.
    """
    lock_timelines_exclusive([account_id])


def lock_timelines_exclusive(account_ids: Iterable[UUID]) -> None:
    """Do the same for several accounts, in the order in which whoever records locks them."""
    ids = sorted(account_ids, key=lock_number)
    with connection.cursor() as cursor:
        cursor.execute(LOCK_EXCLUSIVE, [LOCK_CLASS, [lock_number(one) for one in ids]])
        cursor.execute(NEXT_VERSION, {"accounts": sorted(ids)})


def limited_among(rows: Sequence[tuple[Any, ...]]) -> frozenset[UUID]:
    """Return the accounts with quotas, from the rows of UNUSUAL.

    Raises TenantNotFound where one is closed.
    """
    if any(is_closed for _, is_closed, _ in rows):
        raise TenantNotFound
    return frozenset(account_id for account_id, _, _ in rows)


def timelines(rows: Sequence[tuple[Any, ...]], account_ids: Iterable[UUID]) -> dict[UUID, Timeline]:
    """Make the timelines of accounts from the rows of STRETCHES."""
    found: dict[UUID, list[Stretch]] = {account_id: [] for account_id in account_ids}
    for account_id, start, end, period_id, is_trial, version_id in rows:
        found[account_id].append(Stretch(start, end, str(period_id), is_trial, version_id))
    return {account_id: Timeline(stretches) for account_id, stretches in found.items()}


def timeline_of(account_id: UUID, start: datetime, end: datetime) -> Timeline:
    """Read an account's timeline, right for the instants from `start` through `end`.

    The caller holds the timeline's lock, shared or exclusive, since an earlier statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(STRETCHES, [[str(account_id)], start, end])
        return timelines(cursor.fetchall(), [account_id])[account_id]
