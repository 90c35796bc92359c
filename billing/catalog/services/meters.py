"""Meters: made, changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.accounts import audit
from billing.catalog.errors import MeterInUse
from billing.catalog.models import Aggregation, Charge, Meter
from billing.kernel.constraints import refusing
from billing.kernel.errors import AlreadyExists, NotFound, invalid
from billing.kernel.services import service
from billing.metering.presence import has_usage


@service
def create_meter(
    *,
    metric_type: str,
    name: str,
    unit: str,
    aggregation: str,
    unique_field: str = "",
    is_active: bool = True,
    now: datetime,
) -> Meter:
    """Make a meter. Raises AlreadyExists; InvalidRequest where unique field and aggregation part.

    `unique_field` is the event's property whose distinct values a UNIQUE meter counts.
    """
    meter = Meter(
        metric_type=metric_type,
        name=name,
        unit=unit,
        aggregation=aggregation,
        unique_field=unique_field,
        is_active=is_active,
        created_at=now,
    )
    _check(meter)
    with refusing(billing_meter_metric_type_key=AlreadyExists(what=f"the meter {metric_type}")):
        meter.save(force_insert=True)
    audit.record(action="meter.created", subject=metric_type, after=_state(meter), now=now)
    return meter


@service
def update_meter(*, metric_type: str, changes: Mapping[str, Any], now: datetime) -> Meter:
    """Change what is given: name, unit, is_active; aggregation and unique_field while unused.

    Raises NotFound, MeterInUse, InvalidRequest.
    """
    # The full lock: a charge that is being made refers to the row, and waits or is waited for.
    meter = Meter.objects.select_for_update().filter(metric_type=metric_type).first()
    if meter is None:
        raise NotFound(noun="meter")
    before = _state(meter)
    for field, value in changes.items():
        setattr(meter, field, value)
    after = _state(meter)
    if after == before:
        return meter
    _check(meter)
    measures = ("aggregation", "uniqueField")
    if any(after[name] != before[name] for name in measures) and _is_used(meter):
        raise MeterInUse(metric_type=metric_type)
    meter.save()
    audit.record(action="meter.updated", subject=metric_type, before=before, after=after, now=now)
    return meter


def _check(meter: Meter) -> None:
    counts_distinct = meter.aggregation == Aggregation.UNIQUE
    if counts_distinct and not meter.unique_field:
        raise invalid("uniqueField", "is required for a UNIQUE meter: what shall be distinct")
    if meter.unique_field and not counts_distinct:
        raise invalid("uniqueField", f"does not belong to a {meter.aggregation} meter")


def _is_used(meter: Meter) -> bool:
    return Charge.objects.filter(meter=meter).exists() or has_usage(meter_id=meter.pk)


def _state(meter: Meter) -> dict[str, Any]:
    return {
        "name": meter.name,
        "unit": meter.unit,
        "aggregation": meter.aggregation,
        "uniqueField": meter.unique_field,
        "isActive": meter.is_active,
    }
