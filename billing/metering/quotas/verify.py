"""Proof that quotas' windows are what events and reservations say: added up in another manner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from billing.catalog.models import Meter
from billing.kernel.decimals import format_decimal
from billing.metering.models import UsageBucket, UsageBucketValue, UsageEvent
from billing.metering.quotas.models import (
    QuotaReservation,
    QuotaWindow,
    ReservationStatus,
    UsageQuota,
)

COLUMNS = {"userId": "user_id", "resourceId": "resource_id", "resourceType": "resource_type"}


def verify_windows(account_id: UUID, kept: datetime) -> Iterator[str]:
    """Yield where a counted window differs from a recount, one line each; and what is overshot.

    Events before `kept` may be deleted: there the buckets speak for them, and of a window that
    parts one of their hours only what is reserved is looked at. Slow on purpose. Right only while
    nobody records.
    """
    for quota in UsageQuota.objects.filter(account_id=account_id).select_related("meter"):
        for window in QuotaWindow.objects.filter(quota_id=quota.pk, is_counted=True):
            reserved = _reserved(quota, window)
            used = _used(quota, window, kept) if _can_be_recounted(window, kept) else window.used
            if (window.used, window.reserved) != (used, reserved):
                has = f"{format_decimal(window.used)} and {format_decimal(window.reserved)}"
                said = f"{format_decimal(used)} and {format_decimal(reserved)}"
                yield f"window {window} of {quota}: kept {has} reserved, a recount says {said}"


def _can_be_recounted(window: QuotaWindow, kept: datetime) -> bool:
    edges = (edge for edge in (window.start_at, window.end_at) if edge < kept)
    return all((edge.minute, edge.second, edge.microsecond) == (0, 0, 0) for edge in edges)


def _reserved(quota: UsageQuota, window: QuotaWindow) -> Decimal:
    rows = QuotaReservation.objects.filter(quota_id=quota.pk, status=ReservationStatus.OPEN)
    held = [one.amount for one in rows if window.start_at <= one.reserved_at < window.end_at]
    return sum(held, Decimal(0))


def _used(quota: UsageQuota, window: QuotaWindow, kept: datetime) -> Decimal:
    within = {"account_id": quota.account_id, "meter_id": quota.meter_id}
    rows = UsageEvent.objects.filter(**within, voided_at=None, occurred_at__gte=kept)
    events = [
        event for event in rows.iterator() if window.start_at <= event.occurred_at < window.end_at
    ]
    older = UsageBucket.objects.filter(
        **within, events__gt=0, hour_at__gte=window.start_at, hour_at__lt=min(window.end_at, kept)
    )
    return _usage(quota.meter, events, list(older))


def _usage(meter: Meter, events: list[UsageEvent], older: list[UsageBucket]) -> Decimal:
    quantities = [event.quantity for event in events]
    match meter.aggregation:
        case "SUM":
            return sum([*quantities, *(row.total for row in older)], Decimal(0))
        case "COUNT":
            return Decimal(len(events) + sum(row.events for row in older))
        case "MAX":
            return max([*quantities, *(row.maximum for row in older)], default=Decimal(0))
        case "LATEST":
            ordered = [(event.occurred_at, event.seq, event.quantity) for event in events]
            ordered += [
                (row.latest_at, row.latest_seq, row.latest) for row in older if row.latest_at
            ]
            return max(ordered)[2] if ordered else Decimal(0)
    gone = UsageBucketValue.objects.filter(bucket_id__in=[row.pk for row in older])
    seen = set(gone.values_list("value", flat=True))
    return Decimal(len(seen | {_value(event, meter.unique_field) for event in events}))


def _value(event: UsageEvent, name: str) -> str:
    if name in COLUMNS:
        return str(getattr(event, COLUMNS[name]))
    return str((event.metadata or {})[name])
