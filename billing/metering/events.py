"""A usage event on its way in: checked, and not yet stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from billing.catalog.models import Meter
from billing.kernel.errors import BillingError
from billing.metering.models import NO_ID

NO_ID_TEXT: Final = str(NO_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterTraits:
    """What recording has to know of a meter: all of it immutable once the meter has usage."""

    id: int
    metric_type: str
    aggregation: str
    unique_field: str = ""

    @classmethod
    def of(cls, meter: Meter) -> MeterTraits:
        return cls(
            id=meter.id,
            metric_type=meter.metric_type,
            aggregation=meter.aggregation,
            unique_field=meter.unique_field,
        )


class NewEvent(msgspec.Struct, gc=False):
    """One event. `occurred_at` is in UTC; absent texts are empty, an absent id is the zero UUID.

    `quantity` and `quantity_text` are the same number, as are `metadata` and `metadata_json` the
    same object: each is wanted in both forms, and making one of the other is slow.
    """

    event_id: str
    meter: MeterTraits
    quantity: int | Decimal
    quantity_text: str
    occurred_at: datetime
    is_correction: bool = False
    resource_type: str = ""
    resource_id: str = ""
    user_id: str = ""
    cost_center_id: str = NO_ID_TEXT
    metadata: Mapping[str, object] | None = None
    metadata_json: str | None = None
    unique_value: str = ""


class AccountBatch(msgspec.Struct, frozen=True):
    """Events of one account that are recorded together. `recorded_at` is the account's time.

    `is_plain` promises that no text of theirs holds a backslash, a tab or a line break: whoever
    has read them from a body without any knows at no cost what is dear to find out one by one.
    `refused` is filled by recording: which events a quota kept out, by their place.
    """

    account_id: UUID
    events: list[NewEvent]
    recorded_at: datetime
    is_plain: bool = False
    refused: dict[int, BillingError] = msgspec.field(default_factory=dict)


_OWN_FIELDS: Final[Mapping[str, str]] = {
    "userId": "user_id",
    "resourceId": "resource_id",
    "resourceType": "resource_type",
}


def unique_value_of(event: NewEvent) -> str:
    """Return the text of the field whose distinct values the event's meter counts; empty: absent.

    The field is one of the event's own, or else of its metadata: a string, or a whole number.
    """
    name = event.meter.unique_field
    own = _OWN_FIELDS.get(name)
    if own is not None:
        return str(getattr(event, own))
    value = (event.metadata or {}).get(name)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def read_metadata(text: str | bytes) -> object:
    """Decode JSON with every number exactly as written: an int, or a Decimal."""
    return _DECODER.decode(text)


_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
