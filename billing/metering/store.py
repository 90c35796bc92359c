"""The statements that write events, buckets and counters, each for any number of rows.

They speak to psycopg directly: COPY, pipelines and prepared statements are what the hot path is
made of. Rows that transactions may contend for are written in one order everywhere: events,
buckets, their values, the counters' values, counters, each sorted by key. So no two writers wait
for each other in a circle, and the counters, for which all wait, are locked last.
"""

# The parts that these statements are put together of are constants of this file.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec

from billing.kernel.decimals import exact
from billing.kernel.statements import Connection, Cursor, cursor_of
from billing.metering.events import NO_ID_TEXT
from billing.metering.tally import BucketKey, Sums

BY_KEY: Final = itemgetter(0)


class CounterKey(NamedTuple):
    """The key of a counter's row, and the account that it belongs to."""

    account_id: str
    period_id: str
    charge_id: str


_KEPT: Final = "total, events, corrections, maximum, latest, latest_at, latest_seq"
_NEWER: Final = (
    "(excluded.latest_at, excluded.latest_seq) > "
    "(coalesce(c.latest_at, '-infinity'), c.latest_seq) AND excluded.latest_at IS NOT NULL"
)
_ADD: Final = f"""
    total = c.total + excluded.total,
    events = c.events + excluded.events,
    corrections = c.corrections + excluded.corrections,
    maximum = greatest(c.maximum, excluded.maximum),
    latest = CASE WHEN {_NEWER} THEN excluded.latest ELSE c.latest END,
    latest_at = greatest(c.latest_at, excluded.latest_at),
    latest_seq = CASE WHEN {_NEWER} THEN excluded.latest_seq ELSE c.latest_seq END
"""
_SUMS: Final = (
    "total numeric, events bigint, corrections bigint, maximum numeric, latest numeric, "
    "latest_at timestamptz, latest_seq bigint"
)
_BUCKET_KEY: Final = ", ".join(BucketKey._fields)
ADD_BUCKETS: Final = f"""
INSERT INTO billing_usagebucket AS c ({_BUCKET_KEY}, {_KEPT})
SELECT * FROM json_to_recordset(%s::json) AS n(account_id uuid, hour_at timestamptz, meter_id int,
    period_id uuid, charge_id uuid, resource_type text, resource_id text, cost_center_id uuid,
    {_SUMS})
ON CONFLICT ({_BUCKET_KEY}) DO UPDATE SET {_ADD}
"""
ADD_COUNTERS: Final = f"""
INSERT INTO billing_usagecounter AS c
    (account_id, period_id, charge_id, {_KEPT}, distinct_values, version)
SELECT *, 1 FROM json_to_recordset(%s::json)
    AS n(account_id uuid, period_id uuid, charge_id uuid, {_SUMS}, distinct_values bigint)
ON CONFLICT (period_id, charge_id) DO UPDATE SET {_ADD},
    distinct_values = c.distinct_values + excluded.distinct_values, version = c.version + 1
"""
# Rows go as one JSON text: it is written in C, where an array for each column is not.
ADD_BUCKET_VALUES: Final = """
INSERT INTO billing_usagebucketvalue AS c (bucket_id, value, "references")
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[])
ON CONFLICT (bucket_id, value) DO UPDATE SET "references" = c."references" + excluded."references"
"""
ADD_COUNTER_VALUES: Final = """
INSERT INTO billing_usagecountervalue AS c (period_id, charge_id, value, "references")
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bigint[])
ON CONFLICT (period_id, charge_id, value)
DO UPDATE SET "references" = c."references" + excluded."references"
RETURNING period_id::text, charge_id::text, xmax = 0
"""
# xmax is 0 for a row that this statement has inserted, and not for one that it has updated.


def add_sums(raw: Connection, parts: Iterable[tuple[BucketKey, Sums]]) -> None:
    """Add sums to their buckets and counters, within the caller's transaction."""
    buckets = sorted(parts, key=BY_KEY)
    counters = counters_among(buckets)
    valued = [part for part in buckets if part[1].values]
    if valued:
        plain = [part for part in buckets if not part[1].values]
        _add_valued(cursor_of(raw), plain, valued, counters)
        return
    with raw.pipeline():
        cursor = cursor_of(raw)
        _add_buckets(cursor, buckets)
        _add_counters(cursor, counters, {})


def add_buckets(raw: Connection, parts: Iterable[tuple[BucketKey, Sums]]) -> None:
    """Add sums to their buckets alone, for whoever sets the counters afterwards."""
    buckets = sorted(parts, key=BY_KEY)
    cursor = cursor_of(raw)
    _add_buckets(cursor, [part for part in buckets if not part[1].values])
    _add_valued_buckets(cursor, [part for part in buckets if part[1].values])


def counters_among(parts: Sequence[tuple[BucketKey, Sums]]) -> list[tuple[CounterKey, Sums]]:
    """Add up what is charged: by period and charge, sorted."""
    counters: dict[CounterKey, Sums] = {}
    merged: set[CounterKey] = set()
    with exact():
        for key, sums in parts:
            if key.charge_id == NO_ID_TEXT:
                continue
            counter = CounterKey(key.account_id, key.period_id, key.charge_id)
            found = counters.get(counter)
            if found is None:  # often the only one: its sums are the counter's
                counters[counter] = sums
                continue
            if counter not in merged:
                merged.add(counter)
                first, found = found, Sums()
                found.merge(first)
                counters[counter] = found
            found.merge(sums)
    return sorted(counters.items(), key=BY_KEY)


def row_of(key: BucketKey | CounterKey, sums: Sums, distinct: int = 0) -> dict[str, Any]:
    """Return a row for json_to_recordset. Decimals go as text, exactly."""
    return {
        **dict(zip(key._fields, key, strict=True)),
        "total": str(sums.total),
        "events": sums.events,
        "corrections": sums.corrections,
        "maximum": str(sums.maximum),
        "latest": str(sums.latest),
        "latest_at": sums.latest_at,
        "latest_seq": sums.latest_seq,
        "distinct_values": distinct,
    }


def _add_buckets(
    cursor: Cursor, parts: Sequence[tuple[BucketKey, Sums]], returning: str = ""
) -> None:
    if parts:
        rows = msgspec.json.encode([row_of(key, sums) for key, sums in parts]).decode()
        cursor.execute(ADD_BUCKETS + returning, [rows])


def _add_counters(
    cursor: Cursor,
    parts: Sequence[tuple[CounterKey, Sums]],
    distinct: Mapping[tuple[str, str], int],
) -> None:
    if parts:
        news = (distinct.get((key.period_id, key.charge_id), 0) for key, _ in parts)
        rows = [row_of(key, sums, new) for (key, sums), new in zip(parts, news, strict=True)]
        cursor.execute(ADD_COUNTERS, [msgspec.json.encode(rows).decode()])


def _add_valued(
    cursor: Cursor,
    plain: Sequence[tuple[BucketKey, Sums]],
    valued: Sequence[tuple[BucketKey, Sums]],
    counters: Sequence[tuple[CounterKey, Sums]],
) -> None:
    _add_buckets(cursor, plain)
    _add_valued_buckets(cursor, valued)
    distinct: dict[tuple[str, str], int] = {}
    charged = sorted(
        (key.period_id, key.charge_id, value, count)
        for key, sums in counters
        for value, count in (sums.values or {}).items()
    )
    if charged:
        cursor.execute(ADD_COUNTER_VALUES, [list(column) for column in zip(*charged, strict=True)])
        for period_id, charge_id, is_new in cursor.fetchall():
            distinct[period_id, charge_id] = distinct.get((period_id, charge_id), 0) + is_new
    _add_counters(cursor, counters, distinct)


def _add_valued_buckets(cursor: Cursor, valued: Sequence[tuple[BucketKey, Sums]]) -> None:
    if not valued:
        return
    _add_buckets(cursor, valued, f"RETURNING {_BUCKET_KEY}, id")
    ids = {_as_text(row[:-1]): row[-1] for row in cursor.fetchall()}
    values = sorted(
        (ids[key], value, count)
        for key, sums in valued
        for value, count in (sums.values or {}).items()
    )
    cursor.execute(ADD_BUCKET_VALUES, [list(column) for column in zip(*values, strict=True)])


def _as_text(row: Sequence[Any]) -> BucketKey:
    account_id, hour_at, meter_id, period_id, charge_id, kind, resource, center = row
    return BucketKey(
        str(account_id),
        hour_at,
        meter_id,
        str(period_id),
        str(charge_id),
        kind,
        resource,
        str(center),
    )
