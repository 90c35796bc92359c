"""Taking usage in: each event checked, the good ones recorded together, the others told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from billing.kernel.errors import BillingError, InvalidRequest
from billing.metering.events import AccountBatch, NewEvent
from billing.metering.presence import stored_ids
from tenants.metering.checks import Checker
from tenants.metering.errors import EventRefused
from tenants.metering.wire import Unreadable, Wire

Record = Callable[[AccountBatch], list[bool]]


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that was not taken, by its place in the batch."""

    index: int
    event_id: str | None
    error: BillingError


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(slots=True)
class _Sorted:
    events: list[NewEvent] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def take_one(account_id: UUID, wire: Wire, checker: Checker, record: Record) -> tuple[str, bool]:
    """Record one event; return its id, and whether it was new.

    Raises InvalidRequest, or EventRefused where its id is not stored; UsageQuotaExceeded.
    """
    event, may_be_new = check_one(account_id, wire, checker)
    if not may_be_new:
        return event.event_id, False
    batch = AccountBatch(account_id, [event], checker.now, checker.is_plain)
    (is_new,) = record(batch)
    for refusal in batch.refused.values():
        raise refusal
    return event.event_id, is_new


def check_one(account_id: UUID, wire: Wire, checker: Checker) -> tuple[NewEvent, bool]:
    """Return an event, and whether it may be new: one that breaks a rule is a duplicate, or none.

    Raises InvalidRequest, or EventRefused where its id is not stored.
    """
    event = checker.shape(wire)
    try:
        checker.rules(wire, event)
    except EventRefused:
        if wire.eventId is None or not stored_ids(account_id, [wire.eventId]):
            raise
        return event, False
    return event, True


def take_batch(
    account_id: UUID, wires: Sequence[Wire | Unreadable], checker: Checker, record: Record
) -> Outcome:
    """Record the good events of a batch in one transaction; say of each other one why not."""
    found = _sort(wires, checker)
    batch = AccountBatch(account_id, found.events, checker.now, checker.is_plain)
    are_new = record(batch) if batch.events else []
    recorded = sum(are_new)
    duplicates = len(found.events) - recorded - len(batch.refused)
    outcome = Outcome(accepted=recorded, duplicates=duplicates)
    for place, refusal in batch.refused.items():
        index = found.places[place]
        wire = wires[index]
        event_id = wire.event_id if isinstance(wire, Unreadable) else wire.eventId
        outcome.rejected.append(Rejected(index, event_id, refusal))
    repeats = _repeats(account_id, found, are_new)
    for one in found.rejected:
        if one.index in repeats:
            outcome.duplicates += 1
        else:
            outcome.rejected.append(one)
    outcome.rejected.sort(key=lambda one: one.index)
    return outcome


def _repeats(account_id: UUID, found: _Sorted, are_new: list[bool]) -> set[int]:
    """Return the places of refused events whose id was stored before it was their turn."""
    refused = [
        (one.index, one.event_id)
        for one in found.rejected
        if one.event_id and isinstance(one.error, EventRefused)
    ]
    if not refused:
        return set()
    stored = stored_ids(account_id, [event_id for _, event_id in refused])
    first = {
        event.event_id: place
        for event, place, is_new in zip(found.events, found.places, are_new, strict=True)
        if is_new
    }
    return {
        index
        for index, event_id in refused
        if event_id in stored and first.get(event_id, -1) < index
    }


def _sort(wires: Sequence[Wire | Unreadable], checker: Checker) -> _Sorted:
    found = _Sorted()
    shape, rules = checker.shape, checker.rules
    good, at = found.events.append, found.places.append
    for index, wire in enumerate(wires):
        if isinstance(wire, Unreadable):
            found.rejected.append(Rejected(index, wire.event_id, wire.error))
            continue
        try:
            event = shape(wire)
            rules(wire, event)
        except (EventRefused, InvalidRequest) as error:
            found.rejected.append(Rejected(index, wire.eventId, error))
        else:
            good(event)
            at(index)
    return found


def shown(rejected: Rejected) -> dict[str, Any]:
    """Return a rejected event as the answer names it."""
    body = {"index": rejected.index, "code": rejected.error.code, "message": str(rejected.error)}
    if rejected.event_id is not None:
        body["eventId"] = rejected.event_id
    return body
