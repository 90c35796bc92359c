"""Proof that quotas' windows are what events and reservations say: added up in another manner."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from billing.catalog.models import Meter
from billing.kernel.decimals import format_decimal
from billing.metering.models import UsageEvent
from billing.metering.quotas.models import (
    QuotaReservation,
    QuotaWindow,
    ReservationStatus,
    UsageQuota,
)

COLUMNS = {"userId": "user_id", "resourceId": "resource_id", "resourceType": "resource_type"}


def verify_windows(account_id: UUID) -> Iterator[str]:
    """Yield where a counted window differs from a recount, one line each; and what is overshot.

    Slow on purpose. Right only while nobody records.
    """
    for quota in UsageQuota.objects.filter(account_id=account_id).select_related("meter"):
        for window in QuotaWindow.objects.filter(quota_id=quota.pk, is_counted=True):
            used, reserved = _recount(quota, window)
            if (window.used, window.reserved) != (used, reserved):
                kept = f"{format_decimal(window.used)} and {format_decimal(window.reserved)}"
                said = f"{format_decimal(used)} and {format_decimal(reserved)}"
                yield f"window {window} of {quota}: kept {kept} reserved, a recount says {said}"


def _recount(quota: UsageQuota, window: QuotaWindow) -> tuple[Decimal, Decimal]:
    within = {"account_id": quota.account_id, "voided_at": None, "meter_id": quota.meter_id}
    events = [
        event
        for event in UsageEvent.objects.filter(**within).iterator()
        if window.start_at <= event.occurred_at < window.end_at
    ]
    held = [
        one.amount
        for one in QuotaReservation.objects.filter(quota_id=quota.pk, status=ReservationStatus.OPEN)
        if window.start_at <= one.reserved_at < window.end_at
    ]
    return _usage(quota.meter, events), sum(held, Decimal(0))


def _usage(meter: Meter, events: list[UsageEvent]) -> Decimal:
    quantities = [event.quantity for event in events]
    match meter.aggregation:
        case "SUM":
            return sum(quantities, Decimal(0))
        case "COUNT":
            return Decimal(len(events))
        case "MAX":
            return max(quantities, default=Decimal(0))
        case "LATEST":
            ordered = sorted(events, key=lambda event: (event.occurred_at, event.seq))
            return ordered[-1].quantity if ordered else Decimal(0)
    return Decimal(len({_value(event, meter.unique_field) for event in events}))


def _value(event: UsageEvent, name: str) -> str:
    if name in COLUMNS:
        return str(getattr(event, COLUMNS[name]))
    return str((event.metadata or {})[name])
