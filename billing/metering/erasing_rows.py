"""One event without what it says of persons: which words stay, and what the others become."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from billing.metering.events import read_metadata
from billing.metering.pseudonyms import pseudonym
from billing.rating.filters import comparable

COLUMNS: Final = {"userId": "user_id", "resourceId": "resource_id", "resourceType": "resource_type"}
_RAW: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class EventRow(NamedTuple):
    """What of a stored event may name a person. `metadata` is JSON, or None."""

    event_id: str
    meter_id: int
    user_id: str
    resource_type: str
    resource_id: str
    metadata: str | None


@dataclass(frozen=True, slots=True)
class MeterWords:
    """What of its events' metadata a meter needs: the values that filters of its charges ask for,
    by property, and the field whose distinct values it counts (empty: none).
    """

    unique_field: str
    asked: frozenset[tuple[str, Hashable]]
    asked_texts: frozenset[str]

    @classmethod
    def of(cls, unique_field: str, filters: Iterable[Mapping[str, object]]) -> MeterWords:
        pairs = [(name, value) for one in filters for name, value in one.items()]
        counted = unique_field not in COLUMNS
        return cls(
            unique_field,
            frozenset((name, comparable(value)) for name, value in pairs),
            frozenset(
                str(value)
                for name, value in pairs
                if counted and name == unique_field and not isinstance(value, bool)
            ),
        )

    def keeps(self, text: str) -> bool:
        """Say whether a distinct value stays as it is: a filter names it, so it is the plan's."""
        return text in self.asked_texts


def changed(event: EventRow, words: MeterWords, key: str) -> dict[str, Any] | None:
    """Return the columns that the event shall have; None where it has them already."""
    own = {
        "user_id": pseudonym(event.user_id, key),
        "resource_type": event.resource_type,
        "resource_id": event.resource_id,
    }
    column = COLUMNS.get(words.unique_field)
    if column in {"resource_type", "resource_id"}:
        own[column] = pseudonym(own[column], key)
    metadata = _reduced(event.metadata, words, key) if event.metadata else None
    if (
        metadata is None
        and event.metadata is None
        and all(getattr(event, name) == value for name, value in own.items())
    ):
        return None
    return {"event_id": event.event_id, **own, "metadata": metadata}


def _reduced(text: str, words: MeterWords, key: str) -> dict[str, Any] | None:
    """Keep the properties that count, each number exactly as it was written."""
    kept: dict[str, Any] = {}
    for name, raw in _RAW.decode(text).items():
        value = read_metadata(bytes(raw))
        if name == words.unique_field and name not in COLUMNS:
            kept[name] = _counted(value, raw, words, key)
        elif (name, comparable(value)) in words.asked:
            kept[name] = raw
    return kept or None


def _counted(value: object, raw: msgspec.Raw, words: MeterWords, key: str) -> object:
    is_text = isinstance(value, str)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not (is_text or is_whole) or words.keeps(str(value)):
        return raw
    return pseudonym(str(value), key)
