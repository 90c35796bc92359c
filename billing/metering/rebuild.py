"""Counting anew, after an account's timeline has changed under events that were counted already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from billing.kernel.statements import raw_connection
from billing.metering.events import NO_ID_TEXT
from billing.metering.retention import kept_from
from billing.metering.store import add_buckets
from billing.metering.stored import counted_events
from billing.metering.tally import Tally
from billing.metering.timeline import (
    DUSK,
    lock_timeline_exclusive,
    lock_timelines_exclusive,
    timeline_of,
)

__all__ = [
    "lock_timeline_exclusive",
    "lock_timelines_exclusive",
    "rebuild",
    "recompute_counters",
    "with_events",
]

HOUR: Final = timedelta(hours=1)
CHUNKS_PER_TALLY: Final = 20

ANY_EVENT: Final = """
SELECT a.place FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY
    AS a (id, since, until, place)
WHERE EXISTS (SELECT FROM billing_usageevent e
              WHERE e.account_id = a.id AND e.occurred_at >= a.since AND e.occurred_at < a.until)
"""
DELETE_BUCKETS: Final = """
WITH gone AS (
    DELETE FROM billing_usagebucket
    WHERE account_id = %s AND hour_at >= %s AND hour_at < %s
    RETURNING id, period_id, charge_id
), gone_values AS (
    DELETE FROM billing_usagebucketvalue WHERE bucket_id IN (SELECT id FROM gone)
)
SELECT DISTINCT period_id::text, charge_id::text FROM gone
"""
DELETE_COUNTER_VALUES: Final = """
DELETE FROM billing_usagecountervalue v
USING unnest(%s::uuid[], %s::uuid[]) AS p(period_id, charge_id)
WHERE v.period_id = p.period_id AND v.charge_id = p.charge_id
"""
ADD_COUNTER_VALUES: Final = """
INSERT INTO billing_usagecountervalue (period_id, charge_id, value, "references")
SELECT b.period_id, b.charge_id, v.value, sum(v."references")
FROM unnest(%s::uuid[], %s::uuid[]) AS p(period_id, charge_id)
JOIN billing_usagebucket b USING (period_id, charge_id)
JOIN billing_usagebucketvalue v ON v.bucket_id = b.id
GROUP BY 1, 2, 3
"""
SET_COUNTERS: Final = """
INSERT INTO billing_usagecounter AS c (account_id, period_id, charge_id, total, events, corrections,
    maximum, latest, latest_at, latest_seq, distinct_values, version)
SELECT %s::uuid, p.period_id, p.charge_id, coalesce(sum(b.total), 0), coalesce(sum(b.events), 0),
    coalesce(sum(b.corrections), 0), coalesce(max(b.maximum), 0),
    coalesce((array_agg(b.latest ORDER BY b.latest_at DESC NULLS LAST, b.latest_seq DESC))[1],
             0),
    max(b.latest_at),
    coalesce((array_agg(b.latest_seq
              ORDER BY b.latest_at DESC NULLS LAST, b.latest_seq DESC))[1], 0),
    (SELECT count(*) FROM billing_usagecountervalue v
     WHERE v.period_id = p.period_id AND v.charge_id = p.charge_id), 1
FROM unnest(%s::uuid[], %s::uuid[]) AS p(period_id, charge_id)
LEFT JOIN billing_usagebucket b USING (period_id, charge_id)
GROUP BY p.period_id, p.charge_id
ORDER BY p.period_id, p.charge_id
ON CONFLICT (period_id, charge_id) DO UPDATE SET
    total = excluded.total, events = excluded.events, corrections = excluded.corrections,
    maximum = excluded.maximum, latest = excluded.latest, latest_at = excluded.latest_at,
    latest_seq = excluded.latest_seq, distinct_values = excluded.distinct_values,
    version = c.version + 1
WHERE (c.total, c.events, c.corrections, c.maximum, c.latest, c.latest_at, c.latest_seq,
       c.distinct_values)
    IS DISTINCT FROM (excluded.total, excluded.events, excluded.corrections, excluded.maximum,
       excluded.latest, excluded.latest_at, excluded.latest_seq, excluded.distinct_values)
"""


def rebuild(account_id: UUID, start: datetime, end: datetime | None) -> None:
    """Classify the events of [start, end) by the timeline as it is now, and count them anew.

    `end` None: for ever. Runs in the caller's transaction, under the exclusive timeline lock, which
    it takes where the caller has not. Costs one look at an index where there are no such events;
    else whole hours are read again, and the counters that they touch are summed from buckets. Hours
    whose events are past the retention stay as they were counted.
    """
    with transaction.atomic():
        lock_timeline_exclusive(account_id)
        until = end or DUSK
        if not with_events([(account_id, start, until)]):
            return
        first, last = _whole_hours(start, until)
        first = max(first, kept_from(account_id) or first)
        with connection.cursor() as cursor:
            cursor.execute(DELETE_BUCKETS, [account_id, first, last])
            touched = set(cursor.fetchall())
        touched |= _count(account_id, first, last)
        recompute_counters(account_id, touched)


def with_events(
    stretches: Sequence[tuple[UUID, datetime, datetime]],
) -> list[tuple[UUID, datetime, datetime]]:
    """Return those of the stretches [start, end) of accounts that hold an event: one query."""
    with connection.cursor() as cursor:
        cursor.execute(ANY_EVENT, [list(column) for column in zip(*stretches, strict=True)])
        return [stretches[place - 1] for (place,) in cursor.fetchall()]


def _whole_hours(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    floor = {"minute": 0, "second": 0, "microsecond": 0}
    last = end.replace(**floor)  # type: ignore[arg-type]
    return start.replace(**floor), last if last == end else last + HOUR  # type: ignore[arg-type]


def _count(account_id: UUID, start: datetime, end: datetime) -> set[tuple[str, str]]:
    """Write the buckets of whole hours; return the periods and charges that they belong to."""
    timeline = timeline_of(account_id, start, end)
    touched: set[tuple[str, str]] = set()

    def flush(tally: Tally) -> None:
        parts = list(tally.buckets())
        touched.update((key.period_id, key.charge_id) for key, _ in parts)
        add_buckets(raw, parts)

    with raw_connection() as raw:
        tally = Tally(str(account_id), timeline)
        for number, chunk in enumerate(counted_events(raw, [account_id, start, end]), start=1):
            tally.add(chunk)
            if number % CHUNKS_PER_TALLY == 0:
                flush(tally)
                tally = Tally(str(account_id), timeline)
        flush(tally)
    return touched


def recompute_counters(account_id: UUID, pairs: Iterable[tuple[str, str]]) -> None:
    """Set the counters of (period, charge) to the sums of their buckets.

    The caller holds the exclusive timeline lock. A counter that was right keeps its version.
    """
    charged = sorted(pair for pair in pairs if pair[1] != NO_ID_TEXT)
    if not charged:
        return
    columns = [list(column) for column in zip(*charged, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(DELETE_COUNTER_VALUES, columns)
        cursor.execute(ADD_COUNTER_VALUES, columns)
        cursor.execute(SET_COUNTERS, [account_id, *columns])
