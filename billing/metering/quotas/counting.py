"""Windows' rows: made where they are missing, locked in one order, counted from the events.

Two writers that need several windows lock them in the order of quota and start; so do all others,
and none of them holds anything of the counters yet. So nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection

from billing.catalog.models import Aggregation
from billing.kernel.periods import Period
from billing.metering.quotas.held import Held
from billing.metering.quotas.models import UsageQuota
from billing.metering.summary import Range

Key = tuple[UUID, datetime, datetime]

MAKE: Final = """
INSERT INTO billing_quotawindow (account_id, quota_id, start_at, end_at, is_counted, used, reserved,
    latest_seq)
SELECT *, false, 0, 0, 0
FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (quota_id, start_at, end_at) DO NOTHING
"""
LOCK: Final = """
SELECT w.id, w.quota_id, w.start_at, w.end_at, w.is_counted, w.used, w.reserved, w.latest_at,
    w.latest_seq, w.warned_at, w.exceeded_at
FROM billing_quotawindow w
JOIN unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) AS k(quota_id, start_at, end_at)
    USING (quota_id, start_at, end_at)
ORDER BY w.quota_id, w.start_at, w.end_at
FOR NO KEY UPDATE OF w
"""
USAGE: Final = """
SELECT s.place, coalesce(sum(p.total), 0), coalesce(sum(p.events), 0), coalesce(max(p.maximum), 0),
    coalesce((array_agg(p.latest ORDER BY p.latest_at DESC NULLS LAST, p.latest_seq DESC))[1], 0),
    max(p.latest_at),
    coalesce((array_agg(p.latest_seq ORDER BY p.latest_at DESC NULLS LAST, p.latest_seq DESC))[1],
             0)
FROM unnest(%(places)s::int[], %(starts)s::timestamptz[], %(firsts)s::timestamptz[],
            %(lasts)s::timestamptz[], %(ends)s::timestamptz[])
    AS s(place, start_at, first_at, last_at, end_at)
LEFT JOIN LATERAL (
    SELECT total, events, maximum, latest, latest_at, latest_seq FROM billing_usagebucket
    WHERE account_id = %(account)s AND meter_id = %(meter)s AND events > 0
      AND hour_at >= s.first_at AND hour_at < s.last_at
    UNION ALL
    SELECT quantity, 1, quantity, quantity, occurred_at, seq FROM billing_usageevent
    WHERE account_id = %(account)s AND meter_id = %(meter)s AND voided_at IS NULL
      AND occurred_at >= s.start_at AND occurred_at < s.first_at
    UNION ALL
    SELECT quantity, 1, quantity, quantity, occurred_at, seq FROM billing_usageevent
    WHERE account_id = %(account)s AND meter_id = %(meter)s AND voided_at IS NULL
      AND occurred_at >= s.last_at AND occurred_at < s.end_at
) AS p ON true
GROUP BY s.place
"""
VALUES: Final = """
SELECT v.value FROM billing_usagebucket b
JOIN billing_usagebucketvalue v ON v.bucket_id = b.id
WHERE b.account_id = %(account)s AND b.meter_id = %(meter)s
  AND b.hour_at >= %(first)s AND b.hour_at < %(last)s
UNION
SELECT CASE %(field)s WHEN 'userId' THEN user_id WHEN 'resourceId' THEN resource_id
            WHEN 'resourceType' THEN resource_type ELSE metadata ->> %(field)s END
FROM billing_usageevent
WHERE account_id = %(account)s AND meter_id = %(meter)s AND voided_at IS NULL
  AND (occurred_at >= %(start)s AND occurred_at < %(first)s
       OR occurred_at >= %(last)s AND occurred_at < %(end)s)
"""
COUNT_VALUES: Final = f"SELECT count(*) FROM ({VALUES}) AS seen"  # noqa: S608
KEEP_VALUES: Final = f"""
INSERT INTO billing_quotawindowvalue (window_id, value) SELECT %(window)s, value
FROM ({VALUES}) AS seen (value)
ON CONFLICT DO NOTHING
"""  # noqa: S608
DROP_VALUES: Final = "DELETE FROM billing_quotawindowvalue WHERE window_id = %s"
RESERVED: Final = """
SELECT coalesce(sum(amount), 0) FROM billing_quotareservation
WHERE quota_id = %s AND status = 'OPEN' AND reserved_at >= %s AND reserved_at < %s
"""
EXPIRE: Final = """
WITH gone AS (
    UPDATE billing_quotareservation SET status = 'EXPIRED', ended_at = expires_at
    WHERE quota_id = %s AND status = 'OPEN' AND reserved_at >= %s AND reserved_at < %s
      AND expires_at <= %s
    RETURNING amount
)
SELECT coalesce(sum(amount), 0) FROM gone
"""
SAVE: Final = """
UPDATE billing_quotawindow w SET is_counted = true, used = n.used, reserved = n.reserved,
    latest_at = n.latest_at, latest_seq = n.latest_seq, warned_at = n.warned_at,
    exceeded_at = n.exceeded_at
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::timestamptz[], %s::bigint[],
            %s::timestamptz[], %s::timestamptz[])
    AS n(id, used, reserved, latest_at, latest_seq, warned_at, exceeded_at)
WHERE w.id = n.id
"""
ADD_VALUES: Final = """
INSERT INTO billing_quotawindowvalue (window_id, value)
SELECT * FROM unnest(%s::bigint[], %s::text[]) ON CONFLICT DO NOTHING
"""


def hold(wanted: Iterable[tuple[UsageQuota, Period]]) -> dict[Key, Held]:
    """Lock the rows of windows, made where they are missing; count those that are not counted.

    The caller's transaction holds the timeline's lock of each account, shared or exclusive.
    """
    quotas = {(quota.pk, span.start, span.end): quota for quota, span in wanted}
    if not quotas:
        return {}
    keys = sorted(quotas)
    columns = [list(column) for column in zip(*keys, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(MAKE, [[quotas[key].account_id for key in keys], *columns])
        cursor.execute(LOCK, columns)
        rows = cursor.fetchall()
    held = {}
    for row_id, quota_id, start, end, *kept in rows:
        key = (quota_id, start, end)
        held[key] = Held(row_id, quotas[key], Period(start, end), *kept)
    _count_new([window for window in held.values() if not window.is_counted])
    return held


def _count_new(windows: Sequence[Held]) -> None:
    """Count windows from the events. Nobody else adds to them: their rows are locked."""
    by_quota: dict[UUID, list[Held]] = {}
    for window in windows:
        by_quota.setdefault(window.quota.pk, []).append(window)
    for group in by_quota.values():
        counted = usage_of(group[0].quota, [window.span for window in group])
        for window, (used, latest_at, latest_seq) in zip(group, counted, strict=True):
            window.used, window.latest_at, window.latest_seq = used, latest_at, latest_seq
            window.reserved = reserved_in(window.quota, window.span)
            window.is_counted = window.is_changed = True
            if window.quota.meter.aggregation == Aggregation.UNIQUE:
                with connection.cursor() as cursor:
                    cursor.execute(DROP_VALUES, [window.id])
                    arguments = _value_arguments(window.quota, window.span)
                    cursor.execute(KEEP_VALUES, {**arguments, "window": window.id})


def usage_of(
    quota: UsageQuota, spans: Sequence[Period]
) -> list[tuple[Decimal, datetime | None, int]]:
    """Count windows of one quota from the events: used, and which event a LATEST one is of."""
    ranges = [Range(start=span.start, end=span.end) for span in spans]
    arguments: dict[str, Any] = {
        "account": quota.account_id,
        "meter": quota.meter_id,
        "places": list(range(len(spans))),
        "starts": [span.start for span in spans],
        "firsts": [one.hours[0] for one in ranges],
        "lasts": [one.hours[1] for one in ranges],
        "ends": [span.end for span in spans],
    }
    with connection.cursor() as cursor:
        cursor.execute(USAGE, arguments)
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
        found: list[tuple[Decimal, datetime | None, int]] = []
        for place, span in enumerate(spans):
            total, events, maximum, latest, latest_at, latest_seq = rows[place]
            match Aggregation(quota.meter.aggregation):
                case Aggregation.SUM:
                    found.append((total, None, 0))
                case Aggregation.COUNT:
                    found.append((Decimal(events), None, 0))
                case Aggregation.MAX:
                    found.append((maximum, None, 0))
                case Aggregation.LATEST:
                    found.append((latest, latest_at, latest_seq))
                case Aggregation.UNIQUE:
                    cursor.execute(COUNT_VALUES, _value_arguments(quota, span))
                    found.append((Decimal(cursor.fetchone()[0]), None, 0))
        return found


def _value_arguments(quota: UsageQuota, span: Period) -> dict[str, Any]:
    first, last = Range(start=span.start, end=span.end).hours
    return {
        "account": quota.account_id,
        "meter": quota.meter_id,
        "field": quota.meter.unique_field,
        "start": span.start,
        "first": first,
        "last": last,
        "end": span.end,
    }


def reserved_in(quota: UsageQuota, span: Period) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(RESERVED, [quota.pk, span.start, span.end])
        return Decimal(cursor.fetchone()[0])


def expire(windows: Iterable[Held], *, now: Mapping[UUID, datetime]) -> None:
    """Give back what expired reservations held, by each account's own time."""
    with connection.cursor() as cursor:
        for window in windows:
            if window.reserved > 0:
                span, quota = window.span, window.quota
                moment = now[quota.account_id]
                cursor.execute(EXPIRE, [quota.pk, span.start, span.end, moment])
                back = cursor.fetchone()[0]
                if back:
                    window.reserved -= back
                    window.is_changed = True


def save(windows: Iterable[Held]) -> None:
    """Write back what has changed of windows that are held."""
    changed = [window for window in windows if window.is_changed]
    if not changed:
        return
    rows = [
        (w.id, w.used, w.reserved, w.latest_at, w.latest_seq, w.warned_at, w.exceeded_at)
        for w in changed
    ]
    values = [(w.id, value) for w in changed for value in sorted(w.new_values)]
    with connection.cursor() as cursor:
        cursor.execute(SAVE, [list(column) for column in zip(*rows, strict=True)])
        if values:
            ids, texts = (list(column) for column in zip(*values, strict=True))
            cursor.execute(ADD_VALUES, [ids, texts])
    for window in changed:
        window.is_changed = False
        window.new_values = set()
