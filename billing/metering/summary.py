"""Usage between two instants, in groups: from buckets, and from events where an hour is cut."""

# The parts that these statements are put together of are constants of this file.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connection

from billing.catalog.models import Aggregation
from billing.metering.events import MeterTraits
from billing.metering.models import NO_ID
from billing.metering.read import CounterValue, quantity_of
from billing.subscriptions.models import SubscriptionPeriod


class GroupBy(StrEnum):
    """What a summary is grouped by, besides the meter. Hours and days are UTC's."""

    METER = "metricType"
    RESOURCE = "resource"
    COST_CENTER = "costCenter"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLine:
    """What one meter counted in one group. `group` is () | (type, id) | (center,) | (start,).

    An empty resource and a center of None are the events that name none.
    """

    meter_id: int
    group: tuple[Any, ...]
    quantity: Decimal
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """[start, end) as whole hours, the events before them and after them; or exactly a period."""

    start: datetime
    end: datetime
    period_id: UUID | None = None

    @property
    def hours(self) -> tuple[datetime, datetime]:
        """Return the first whole hour and the end of the last; equal where there is none."""
        if self.period_id is not None:
            return _floor(self.start), self.end
        first, last = _ceiling(self.start), _floor(self.end)
        return (first, last) if first < last else (self.start, self.start)

    @property
    def edges(self) -> list[tuple[datetime, datetime]]:
        if self.period_id is not None:
            return []
        first, last = self.hours
        if first == last:
            return [(self.start, self.end)]
        return [(a, b) for a, b in ((self.start, first), (last, self.end)) if a < b]


def _floor(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _ceiling(moment: datetime) -> datetime:
    floor = _floor(moment)
    return floor if floor == moment else floor + timedelta(hours=1)


_GROUPS: Final = {
    GroupBy.METER: "",
    GroupBy.RESOURCE: ", resource_type, resource_id",
    GroupBy.COST_CENTER: ", cost_center_id",
    GroupBy.HOUR: ", hour_at",
    GroupBy.DAY: ", date_trunc('day', hour_at, 'UTC')",
}
_DIMENSIONS: Final = "hour_at, resource_type, resource_id, cost_center_id"
_BUCKETS: Final = """
SELECT meter_id, hour_at, resource_type, resource_id, cost_center_id, total, events, corrections,
       maximum, latest, latest_at, latest_seq
FROM billing_usagebucket
WHERE account_id = %(account)s AND hour_at >= %(first)s AND hour_at < %(last)s AND events > 0
  AND (%(period)s::uuid IS NULL OR period_id = %(period)s::uuid)
  AND (%(meter)s::int IS NULL OR meter_id = %(meter)s::int)
"""
_EDGE: Final = """
SELECT meter_id, date_trunc('hour', occurred_at, 'UTC') AS hour_at, resource_type, resource_id,
       cost_center_id, quantity, 1, is_correction::int, quantity, quantity, occurred_at, seq
FROM billing_usageevent
WHERE account_id = %(account)s AND occurred_at >= %({start})s AND occurred_at < %({end})s
  AND voided_at IS NULL AND (%(meter)s::int IS NULL OR meter_id = %(meter)s::int)
"""
_VALUES: Final = f"""
SELECT meter_id, {_DIMENSIONS}, v.value
FROM billing_usagebucket b JOIN billing_usagebucketvalue v ON v.bucket_id = b.id
WHERE account_id = %(account)s AND hour_at >= %(first)s AND hour_at < %(last)s
  AND (%(period)s::uuid IS NULL OR period_id = %(period)s::uuid) AND meter_id = ANY(%(unique)s)
"""
_EDGE_VALUES: Final = """
SELECT meter_id, date_trunc('hour', occurred_at, 'UTC') AS hour_at, resource_type, resource_id,
       cost_center_id,
       CASE m.unique_field WHEN 'userId' THEN user_id WHEN 'resourceId' THEN resource_id
            WHEN 'resourceType' THEN resource_type ELSE metadata ->> m.unique_field END
FROM billing_usageevent e JOIN billing_meter m ON m.id = e.meter_id
WHERE account_id = %(account)s AND occurred_at >= %({start})s AND occurred_at < %({end})s
  AND voided_at IS NULL AND meter_id = ANY(%(unique)s)
"""


def summarize(
    account_id: UUID,
    start: datetime,
    end: datetime,
    *,
    meters: dict[int, MeterTraits],
    meter_id: int | None = None,
    group_by: GroupBy = GroupBy.METER,
) -> list[UsageLine]:
    """Return what was used in [start, end), voided events left out, exactly; ordered by group.

    Its cost grows with hours and dimensions. Only an hour that start or end cuts is read event by
    event, and not even that where [start, end) is one of the account's billing periods.
    """
    period = SubscriptionPeriod.objects.filter(
        account_id=account_id, start_at=start, end_at=end
    ).first()
    span = Range(start=start, end=end, period_id=period.id if period else None)
    arguments = _arguments(account_id, span, meter_id)
    sums = _sums(arguments, span, group_by)
    unique = [m for m in {row[0] for row in sums} if meters[m].aggregation == Aggregation.UNIQUE]
    distinct = _distinct({**arguments, "unique": unique}, span, group_by) if unique else {}
    return [
        UsageLine(
            meter_id=meter,
            group=tuple(None if value == NO_ID else value for value in group),
            quantity=quantity_of(
                meters[meter].aggregation,
                CounterValue(*kept, distinct.get((meter, *group), 0)),  # type: ignore[call-arg]
            ),
            events=kept[1],
        )
        for meter, group, kept in ((row[0], row[1:-5], row[-5:]) for row in sums)
    ]


def _arguments(account_id: UUID, span: Range, meter_id: int | None) -> dict[str, Any]:
    first, last = span.hours
    arguments = {
        "account": account_id,
        "first": first,
        "last": last,
        "period": span.period_id,
        "meter": meter_id,
    }
    for number, (start, end) in enumerate(span.edges):
        arguments |= {f"start{number}": start, f"end{number}": end}
    return arguments


def _all_of(span: Range, buckets: str, edge: str) -> str:
    """Put the whole hours and the cut ones together."""
    edges = [edge.format(start=f"start{n}", end=f"end{n}") for n in range(len(span.edges))]
    return " UNION ALL ".join([buckets, *edges])


def _sums(arguments: dict[str, Any], span: Range, group_by: GroupBy) -> list[tuple[Any, ...]]:
    group = _GROUPS[group_by]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT meter_id{group}, sum(total), sum(events)::bigint, sum(corrections)::bigint,
                   max(maximum), (array_agg(latest ORDER BY latest_at DESC NULLS LAST,
                                            latest_seq DESC))[1]
            FROM ({_all_of(span, _BUCKETS, _EDGE)}) AS parts
            GROUP BY meter_id{group} ORDER BY meter_id{group}
            """,
            arguments,
        )
        return list(cursor.fetchall())


def _distinct(
    arguments: dict[str, Any], span: Range, group_by: GroupBy
) -> dict[tuple[Any, ...], int]:
    group = _GROUPS[group_by]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT meter_id{group}, count(DISTINCT value)
            FROM ({_all_of(span, _VALUES, _EDGE_VALUES)})
                 AS parts (meter_id, {_DIMENSIONS}, value)
            GROUP BY meter_id{group}
            """,
            arguments,
        )
        return {row[:-1]: row[-1] for row in cursor.fetchall()}
