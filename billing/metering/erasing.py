"""Usage of a closed account that says nothing of persons any more, and counts as it did.

User ids and the values of UNIQUE meters become pseudonyms, in events, buckets and counters alike;
of the metadata that stays which a charge's filter asks for, or whose distinct values are counted.
Batch by batch, each in the caller's transaction: `mark` says where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

from billing.catalog.models import Charge, Meter
from billing.metering.erasing_rows import EventRow, MeterWords, changed
from billing.metering.pseudonyms import pseudonym
from billing.metering.timeline import lock_timeline_exclusive

BATCH: Final = 1_000
OWN_DIMENSIONS: Final = {"resourceId": "resource_id", "resourceType": "resource_type"}

EVENTS: Final = """
SELECT event_id, meter_id, user_id, resource_type, resource_id, metadata::text
FROM billing_usageevent WHERE account_id = %s AND event_id > %s ORDER BY event_id LIMIT %s
"""
SET_EVENTS: Final = """
UPDATE billing_usageevent e SET user_id = n.user_id, resource_type = n.resource_type,
    resource_id = n.resource_id, metadata = n.metadata
FROM json_to_recordset(%s::json) AS n(event_id text, user_id text, resource_type text,
    resource_id text, metadata jsonb)
WHERE e.account_id = %s AND e.event_id = n.event_id
"""
BUCKETS: Final = """
SELECT id, meter_id, resource_type, resource_id FROM billing_usagebucket
WHERE account_id = %s AND meter_id = ANY(%s) AND id > %s ORDER BY id LIMIT %s
"""
SET_BUCKETS: Final = """
UPDATE billing_usagebucket b SET resource_type = n.resource_type, resource_id = n.resource_id
FROM json_to_recordset(%s::json) AS n(id bigint, resource_type text, resource_id text)
WHERE b.id = n.id
"""
BUCKET_VALUES: Final = """
SELECT v.bucket_id, v.value, b.meter_id
FROM billing_usagebucketvalue v JOIN billing_usagebucket b ON b.id = v.bucket_id
WHERE b.account_id = %s AND (v.bucket_id, v.value) > (%s, %s) ORDER BY v.bucket_id, v.value LIMIT %s
"""
SET_BUCKET_VALUES: Final = """
UPDATE billing_usagebucketvalue v SET value = n.new
FROM json_to_recordset(%s::json) AS n(bucket_id bigint, value text, new text)
WHERE v.bucket_id = n.bucket_id AND v.value = n.value
"""
COUNTER_VALUES: Final = """
SELECT v.period_id::text, v.charge_id::text, v.value, c.meter_id
FROM billing_usagecountervalue v JOIN billing_charge c ON c.id = v.charge_id
WHERE v.period_id IN (SELECT id FROM billing_subscriptionperiod WHERE account_id = %s)
  AND (v.period_id, v.charge_id, v.value) > (%s::uuid, %s::uuid, %s)
ORDER BY v.period_id, v.charge_id, v.value LIMIT %s
"""
SET_COUNTER_VALUES: Final = """
UPDATE billing_usagecountervalue v SET value = n.new
FROM json_to_recordset(%s::json) AS n(period_id uuid, charge_id uuid, value text, new text)
WHERE v.period_id = n.period_id AND v.charge_id = n.charge_id AND v.value = n.value
"""

Mark = dict[str, Any]
NO_UUID: Final = str(UUID(int=0))


def erase_usage(account_id: UUID, mark: Mark, *, key: str) -> Mark | None:
    """Do the next batch, under the timeline's lock; return where to go on, or None at the end.

    `mark` is what the last call returned, at first empty. Done twice it changes nothing more.
    """
    lock_timeline_exclusive(account_id)
    table = mark.get("table", "events")
    following = TABLES[table](account_id, mark.get("after"), key)
    if following is not None:
        return {"table": table, "after": following}
    names = list(TABLES)
    rest = names[names.index(table) + 1 :]
    return {"table": rest[0]} if rest else None


def _rows(statement: str, arguments: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return list(cursor.fetchall())


def _write(statement: str, rows: list[dict[str, Any]], *more: Any) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [msgspec.json.encode(rows).decode(), *more])


def _events(account_id: UUID, after: str | None, key: str) -> str | None:
    rows = _rows(EVENTS, [account_id, after or "", BATCH])
    if not rows:
        return None
    meters = meter_words()
    new = (changed(EventRow(*row), meters[row[1]], key) for row in rows)
    _write(SET_EVENTS, [row for row in new if row is not None], account_id)
    return str(rows[-1][0])


def _buckets(account_id: UUID, after: int | None, key: str) -> int | None:
    """Rename the resources of meters whose distinct values are resources: they are dimensions."""
    columns = dict(
        Meter.objects.filter(unique_field__in=OWN_DIMENSIONS).values_list("id", "unique_field")
    )
    rows = _rows(BUCKETS, [account_id, list(columns), after or 0, BATCH])
    if not rows:
        return None
    new = []
    for bucket_id, meter_id, kind, resource in rows:
        row = {"id": bucket_id, "resource_type": kind, "resource_id": resource}
        column = OWN_DIMENSIONS[columns[meter_id]]
        row[column] = pseudonym(row[column], key)
        new.append(row)
    _write(SET_BUCKETS, new)
    return int(rows[-1][0])


def _bucket_values(account_id: UUID, after: list[Any] | None, key: str) -> list[Any] | None:
    return _values(
        (BUCKET_VALUES, SET_BUCKET_VALUES), ("bucket_id",), account_id, after or [0, ""], key
    )


def _counter_values(account_id: UUID, after: list[Any] | None, key: str) -> list[Any] | None:
    start = [NO_UUID, NO_UUID, ""]
    statements = (COUNTER_VALUES, SET_COUNTER_VALUES)
    return _values(statements, ("period_id", "charge_id"), account_id, after or start, key)


def _values(
    statements: tuple[str, str],
    places: tuple[str, ...],
    account_id: UUID,
    after: list[Any],
    key: str,
) -> list[Any] | None:
    rows = _rows(statements[0], [account_id, *after, BATCH])
    if not rows:
        return None
    meters = meter_words()
    new = [
        {**dict(zip(places, place, strict=True)), "value": value, "new": pseudonym(value, key)}
        for *place, value, meter_id in rows
        if not meters[meter_id].keeps(value)
    ]
    _write(statements[1], new)
    return list(rows[-1][:-1])


TABLES: Final[Mapping[str, Callable[[UUID, Any, str], Any]]] = {
    "events": _events,
    "buckets": _buckets,
    "bucket_values": _bucket_values,
    "counter_values": _counter_values,
}


def meter_words() -> dict[int, MeterWords]:
    """Return, by meter, what its charges' filters ask for, and whose distinct values it counts."""
    filters: dict[int, list[Mapping[str, object]]] = {}
    for meter_id, properties in Charge.objects.filter(filter__isnull=False).values_list(
        "meter_id", "filter"
    ):
        filters.setdefault(meter_id, []).append(properties or {})
    return {
        meter.id: MeterWords.of(meter.unique_field, filters.get(meter.id, []))
        for meter in Meter.objects.all()
    }
