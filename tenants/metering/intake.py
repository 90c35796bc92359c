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
    rejected: list[Rejected] = field(default_factory=list)


def take_one(account_id: UUID, wire: Wire, checker: Checker, record: Record) -> tuple[str, bool]:
    """Record one event; return its id, and whether it was new.

    Raises InvalidRequest, or EventRefused where its id is not stored.
    """
    event = checker.shape(wire)
    try:
        checker.rules(wire, event)
    except EventRefused:
        if wire.eventId is None or not stored_ids(account_id, [wire.eventId]):
            raise
        return event.event_id, False
    (is_new,) = record(AccountBatch(account_id, [event], checker.now, checker.is_plain))
    return event.event_id, is_new


def take_batch(
    account_id: UUID, wires: Sequence[Wire | Unreadable], checker: Checker, record: Record
) -> Outcome:
    """Record the good events of a batch in one transaction; say of each other one why not."""
    found = _sort(wires, checker)
    batch = AccountBatch(account_id, found.events, checker.now, checker.is_plain)
    recorded = sum(record(batch)) if batch.events else 0
    outcome = Outcome(accepted=recorded, duplicates=len(found.events) - recorded)
    refused = [
        one.event_id
        for one in found.rejected
        if one.event_id and isinstance(one.error, EventRefused)
    ]
    stored = stored_ids(account_id, refused) if refused else set()
    for one in found.rejected:
        if isinstance(one.error, EventRefused) and one.event_id in stored:
            outcome.duplicates += 1
        else:
            outcome.rejected.append(one)
    return outcome


def _sort(wires: Sequence[Wire | Unreadable], checker: Checker) -> _Sorted:
    found = _Sorted()
    shape, rules, good = checker.shape, checker.rules, found.events.append
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
    return found


def shown(rejected: Rejected) -> dict[str, Any]:
    """Return a rejected event as the answer names it."""
    body = {"index": rejected.index, "code": rejected.error.code, "message": str(rejected.error)}
    if rejected.event_id is not None:
        body["eventId"] = rejected.event_id
    return body
