"""Which charge of a plan takes an event."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Generic, TypeVar

Key = TypeVar("Key")

_NOTHING: Final[Mapping[str, object]] = {}
_Values = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFilter(Generic[Key]):
    """A charge as the matcher sees it: whose meter's events, and with which metadata.

    No properties (None or an empty object): the charge takes what the filtered ones leave.
    """

    key: Key
    metric_type: str
    properties: Mapping[str, object] | None = None


@dataclass(slots=True)
class _Meter(Generic[Key]):
    """The charges of one meter.

    Filters that ask for the same property names share one dictionary, from the values asked for
    to the filter's place in the plan, so an event costs one lookup for each set of names.
    """

    by_names: dict[tuple[str, ...], dict[_Values, tuple[int, Key]]]
    rest: Key | None = None


class ChargeMatcher(Generic[Key]):
    """Finds the charge of an event. Built once for each plan version, from its charges in order.

    >>> matcher = ChargeMatcher([
    ...     ChargeFilter(key="gpt", metric_type="TOKENS", properties={"model": "gpt"}),
    ...     ChargeFilter(key="others", metric_type="TOKENS"),
    ... ])
    >>> matcher.charge_for("TOKENS", {"model": "gpt"}), matcher.charge_for("TOKENS", {})
    ('gpt', 'others')
    """

    __slots__ = ("_meters",)

    def __init__(self, charges: Iterable[ChargeFilter[Key]]) -> None:
        self._meters: dict[str, _Meter[Key]] = {}
        for place, charge in enumerate(charges):
            meter = self._meters.setdefault(charge.metric_type, _Meter(by_names={}))
            if charge.properties:
                names, values = _asked(charge.properties)
                # setdefault: of two equal filters the first in the plan's order takes all.
                meter.by_names.setdefault(names, {}).setdefault(values, (place, charge.key))
            elif meter.rest is None:
                meter.rest = charge.key

    def charge_for(self, metric_type: str, metadata: Mapping[str, object] | None) -> Key | None:
        """Return the key of the charge that takes an event; None where no charge does.

        Of several filters that match, the first in the plan's order; values are compared as JSON
        values: 1 equals 1.0, but neither "1" nor true. A property that is absent is not null.
        """
        meter = self._meters.get(metric_type)
        if meter is None:
            return None
        metadata = metadata or _NOTHING
        found: tuple[int, Key] | None = None
        for names, places in meter.by_names.items():
            try:
                values = tuple(comparable(metadata[name]) for name in names)
            except KeyError:
                continue
            candidate = places.get(values)
            if candidate is not None and (found is None or candidate[0] < found[0]):
                found = candidate
        return meter.rest if found is None else found[1]


def never_reached(charges: Sequence[ChargeFilter[Key]]) -> list[int]:
    """Return the places of charges that can take no event, because an earlier one takes all.

    Two charges of a meter without a filter, or two with the same: surely a mistake in the plan.
    """
    seen: set[Hashable] = set()
    places = []
    for place, charge in enumerate(charges):
        identity = (charge.metric_type, _asked(charge.properties or _NOTHING))
        if identity in seen:
            places.append(place)
        seen.add(identity)
    return places


def _asked(properties: Mapping[str, object]) -> tuple[tuple[str, ...], _Values]:
    names = tuple(sorted(properties))
    return names, tuple(comparable(properties[name]) for name in names)


def comparable(value: object) -> Hashable:
    """Turn a JSON value into one that is equal and hashed alike exactly where JSON's are."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return ("literal", value)  # else True would equal 1
    if isinstance(value, int | Decimal):
        return value
    if isinstance(value, float):
        return Decimal(repr(value))  # the number as it was written, as a Decimal decoder reads it
    if isinstance(value, Mapping):
        members = frozenset((name, comparable(member)) for name, member in value.items())
        return ("object", members)
    if isinstance(value, Sequence):
        return ("array", tuple(comparable(item) for item in value))
    raise TypeError(f"No JSON value: {type(value).__name__}")
