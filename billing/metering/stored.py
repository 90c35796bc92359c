"""Stored events read back, as recording saw them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final, cast

from billing.catalog.models import Meter
from billing.kernel.statements import Connection
from billing.metering.events import MeterTraits, NewEvent, read_metadata, unique_value_of

CHUNK: Final = 5_000

SELECT: Final = """
SELECT event_id, meter_id, quantity, is_correction, occurred_at, resource_type, resource_id,
       user_id, cost_center_id::text, metadata::text, seq
FROM billing_usageevent
WHERE account_id = %s AND occurred_at >= %s AND occurred_at < %s AND voided_at IS NULL
"""


def all_meters() -> dict[int, MeterTraits]:
    return {meter.id: MeterTraits.of(meter) for meter in Meter.objects.all()}


def event_of(row: tuple[Any, ...], meters: Mapping[int, MeterTraits]) -> tuple[NewEvent, int]:
    """Make the event and its sequence number of a row of SELECT."""
    event_id, meter_id, quantity, is_correction, at, kind, resource, user, center, text, seq = row
    event = NewEvent(
        event_id=event_id,
        meter=meters[meter_id],
        quantity=quantity,
        quantity_text=str(quantity),
        occurred_at=at,
        is_correction=is_correction,
        resource_type=kind,
        resource_id=resource,
        user_id=user,
        cost_center_id=center,
        metadata=None if text is None else cast("dict[str, object]", read_metadata(text)),
        metadata_json=text,
    )
    event.unique_value = unique_value_of(event) if event.meter.unique_field else ""
    return event, seq


def counted_events(
    raw: Connection, arguments: list[Any], more: str = ""
) -> Iterator[list[tuple[NewEvent, int]]]:
    """Read events that are not voided, in chunks, by a cursor that stays on the server.

    `arguments` are account, start and end (half-open), then those of `more` conditions.
    """
    meters = all_meters()
    with closing(raw.cursor(name="counted_events")) as cursor:
        cursor.execute(cast("Any", SELECT + more), arguments)
        while rows := cursor.fetchmany(CHUNK):
            yield [event_of(row, meters) for row in rows]
