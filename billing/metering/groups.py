"""A period's usage in groups and in its course, from the buckets: however many events there are."""

# The parts that these statements are put together of are constants of this file.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connection

from billing.catalog.models import Aggregation
from billing.metering.models import NO_ID, UsageBucket
from billing.metering.read import CounterValue, quantity_of


class Dimension(StrEnum):
    """What a charge's usage is split by."""

    RESOURCE = "resource"
    RESOURCE_TYPE = "resourceType"
    COST_CENTER = "costCenter"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUsage:
    """What one charge counted in one group: (type, id) | (type,) | (center,).

    Empty texts and a center of None are the events that name none.
    """

    charge_id: UUID
    group: tuple[Any, ...]
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class HourUsage:
    """What a charge counted in an hour of a period. `new_values`: distinct ones not seen before."""

    period_id: UUID
    charge_id: UUID
    hour_at: datetime
    total: Decimal
    events: int
    corrections: int
    maximum: Decimal
    latest: Decimal
    new_values: int = 0


_COLUMNS: Final = {
    Dimension.RESOURCE: "resource_type, resource_id",
    Dimension.RESOURCE_TYPE: "resource_type",
    Dimension.COST_CENTER: "cost_center_id",
}
_KEPT: Final = """
    sum(total), sum(events)::bigint, sum(corrections)::bigint, max(maximum),
    (array_agg(latest ORDER BY latest_at DESC NULLS LAST, latest_seq DESC))[1]
"""
_CHARGED: Final = """
    FROM billing_usagebucket b
    WHERE period_id = ANY(%(periods)s) AND charge_id = ANY(%(charges)s) AND events > 0
"""
HOURLY: Final = f"""
SELECT period_id, charge_id, hour_at, {_KEPT} {_CHARGED} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
FIRST_SEEN: Final = """
SELECT period_id, charge_id, hour_at, count(*) FROM (
    SELECT b.period_id, b.charge_id, v.value, min(b.hour_at) AS hour_at
    FROM billing_usagebucket b JOIN billing_usagebucketvalue v ON v.bucket_id = b.id
    WHERE b.period_id = ANY(%(periods)s) AND b.charge_id = ANY(%(charges)s)
      AND b.events > 0 AND v."references" > 0
    GROUP BY 1, 2, 3
) AS firsts GROUP BY 1, 2, 3
"""
_OF_CENTERS: Final = """
    period_id = %(period)s AND meter_id = %(meter)s AND cost_center_id <> %(nobody)s
"""
BY_CENTER: Final = f"""
SELECT cost_center_id, {_KEPT} FROM billing_usagebucket
WHERE {_OF_CENTERS} AND events > 0 GROUP BY 1 ORDER BY 1
"""
DISTINCT_BY_CENTER: Final = f"""
SELECT cost_center_id, count(DISTINCT v.value)
FROM billing_usagebucket b JOIN billing_usagebucketvalue v ON v.bucket_id = b.id
WHERE {_OF_CENTERS} AND v."references" > 0 GROUP BY 1
"""
LATEST: Final = """
SELECT latest FROM billing_usagecounter
WHERE period_id = %s AND charge_id = ANY(%s) AND latest_at IS NOT NULL
ORDER BY latest_at DESC, latest_seq DESC LIMIT 1
"""
DISTINCT: Final = """
SELECT count(DISTINCT value) FROM billing_usagecountervalue
WHERE period_id = %s AND charge_id = ANY(%s) AND "references" > 0
"""


def usage_by(
    dimension: Dimension,
    period_id: UUID,
    aggregations: Mapping[UUID, str],
    *,
    cuts: Sequence[datetime] | None = None,
) -> list[GroupUsage]:
    """Return what the charges counted in a period, group by group, in the order of the groups.

    `aggregations` are those of the charges' meters. A group's quantity is its own: its maximum,
    its latest, its distinct values. Voided events are left out. With `cuts`, which are in order,
    a group has the number of its stretch as well: 0 before the first; an hour is where it begins.
    """
    columns = _COLUMNS[dimension]
    if cuts is not None:
        columns += ", width_bucket(hour_at, %(cuts)s::timestamptz[])"
    arguments = {"periods": [period_id], "charges": list(aggregations), "cuts": list(cuts or ())}
    rows = _rows(
        f"SELECT charge_id, {columns}, {_KEPT} {_CHARGED} "
        f"GROUP BY charge_id, {columns} ORDER BY charge_id, {columns}",
        arguments,
    )
    distinct = _distinct_by(columns, arguments, aggregations)
    return [
        GroupUsage(
            charge_id=row[0],
            group=tuple(None if value == NO_ID else value for value in row[1:-5]),
            quantity=quantity_of(
                aggregations[row[0]],
                CounterValue(*row[-5:], distinct.get(row[:-5], 0)),  # type: ignore[call-arg]
            ),
        )
        for row in rows
    ]


def _distinct_by(
    columns: str, arguments: Mapping[str, Any], aggregations: Mapping[UUID, str]
) -> dict[tuple[Any, ...], int]:
    unique = [key for key, kind in aggregations.items() if kind == Aggregation.UNIQUE]
    if not unique:
        return {}
    rows = _rows(
        f"""
        SELECT charge_id, {columns}, count(DISTINCT v.value)
        FROM billing_usagebucket b JOIN billing_usagebucketvalue v ON v.bucket_id = b.id
        WHERE period_id = ANY(%(periods)s) AND charge_id = ANY(%(charges)s) AND v."references" > 0
        GROUP BY charge_id, {columns}
        """,
        {**arguments, "charges": unique},
    )
    return {row[:-1]: row[-1] for row in rows}


def meter_by_center(period_id: UUID, meter_id: int, aggregation: str) -> dict[UUID, Decimal]:
    """Return what each cost center used of a meter in a period, charged or not."""
    arguments = {"period": period_id, "meter": meter_id, "nobody": NO_ID}
    rows = _rows(BY_CENTER, arguments)
    distinct: dict[UUID, int] = {}
    if aggregation == Aggregation.UNIQUE:
        distinct = dict(_rows(DISTINCT_BY_CENTER, arguments))
    return {
        row[0]: quantity_of(
            aggregation,
            CounterValue(*row[1:], distinct.get(row[0], 0)),  # type: ignore[call-arg]
        )
        for row in rows
    }


def usage_by_hour(
    period_ids: Sequence[UUID], charge_ids: Sequence[UUID], unique: Sequence[UUID]
) -> list[HourUsage]:
    """Return what the charges counted in each hour of the periods, in order.

    `unique` are those charges that count distinct values.
    """
    periods, charges = list(period_ids), list(charge_ids)
    firsts: dict[tuple[Any, ...], int] = {}
    if unique:
        rows = _rows(FIRST_SEEN, {"periods": periods, "charges": list(unique)})
        firsts = {row[:3]: row[3] for row in rows}
    return [
        HourUsage(
            period_id=row[0],
            charge_id=row[1],
            hour_at=row[2],
            total=row[3],
            events=row[4],
            corrections=row[5],
            maximum=row[6],
            latest=row[7],
            new_values=firsts.get(row[:3], 0),
        )
        for row in _rows(HOURLY, {"periods": periods, "charges": charges})
    ]


def latest_of(period_id: UUID, charge_ids: Sequence[UUID]) -> Decimal:
    """Return the latest value among several charges of a meter that keeps the latest."""
    rows = _rows(LATEST, [period_id, list(charge_ids)])
    return Decimal(rows[0][0]) if rows else Decimal(0)


def distinct_of(period_id: UUID, charge_ids: Sequence[UUID]) -> Decimal:
    """Return how many distinct values several charges of a meter have seen between them."""
    return Decimal(_rows(DISTINCT, [period_id, list(charge_ids)])[0][0])


def has_usage_of_center(account_id: UUID, center_id: UUID) -> bool:
    """Say whether any event ever came in for a cost center, voided ones too: its bucket stays."""
    found = UsageBucket.objects.filter(account_id=account_id, cost_center_id=center_id)
    return found.exists()


def _rows(statement: str, arguments: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return list(cursor.fetchall())
