"""Few events in one round trip: a function in the database does what `record` does in six.

It needs the accounts' timelines beforehand, so they are kept in the process with their versions;
the function compares these under the timeline's lock, and does nothing where one has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import msgspec
from django.db import transaction

from billing.kernel.statements import Statement, raw_connection
from billing.metering import rows
from billing.metering.events import AccountBatch
from billing.metering.models import UsageTimeline
from billing.metering.parts import Part, parts_of, tallied
from billing.metering.store import BY_KEY, counters_among, row_of
from billing.metering.timeline import (
    DAWN,
    DUSK,
    LOCK_CLASS,
    STRETCHES,
    UNUSUAL,
    Timeline,
    limited_among,
    lock_number,
    timelines,
)

LIMIT_KEPT: Final = 10_000

RECORD: Final = Statement(
    "billing_record_usage",
    "CALL billing_record_usage_durably($1, $2, $3, $4, $5, $6, NULL)",
    shared=True,
)
LOCK_SHARED: Final = "SELECT pg_advisory_xact_lock_shared(%s, n) FROM unnest(%s::int[]) AS n"


class Kept(NamedTuple):
    """An account's timeline with its version, its lock, and whether quotas limit it."""

    versioned: str
    line: Timeline
    lock: int
    is_limited: bool


_kept: dict[int, Kept] = {}
"""By the number of the account's id: to hash a UUID itself is a call of Python's."""


def seems_limited(account_id: UUID) -> bool:
    """Say whether the account had quotas when its timeline was read: then it goes another way."""
    kept = _kept.get(account_id.int)
    return kept is not None and kept.is_limited


def forget_timeline(account_id: UUID) -> None:
    _kept.pop(account_id.int, None)


def record_few(batches: Sequence[AccountBatch]) -> list[list[bool]] | None:
    """Record events none of which is there yet. Outside of any transaction: it is two.

    The second one makes the first durable. Returns None, having done nothing, where that is not the
    way: a distinct value has to be counted, an account has quotas, or a timeline has changed.
    Raises IntegrityError where an id is there already, TenantNotFound where an account is closed.
    """
    for batch in batches:
        for event in batch.events:
            if event.meter.unique_field:
                return None
    parts, first = parts_of(batches, (0,))
    known = _timelines([part.account_id for part in parts])
    if True in {kept.is_limited for kept in known}:
        return None
    buckets = sorted(tallied(parts, [kept.line for kept in known]), key=BY_KEY)
    done = RECORD.rows(
        str(LOCK_CLASS),
        "{{{}}}".format(",".join(map(str, sorted({kept.lock for kept in known})))),
        f"[{','.join([kept.versioned for kept in known])}]",
        rows.insert_text(_rows(parts)).decode(),
        _json([row_of(key, sums) for key, sums in buckets]),
        _json([row_of(key, sums) for key, sums in counters_among(buckets)]),
    )
    if done[0][0] == "true":
        return first
    for part in parts:
        forget_timeline(part.account_id)
    return None


def _rows(parts: Sequence[Part]) -> list[Any]:
    return [
        (part.account_text, event, seq, part.recorded_at)
        for part in parts
        for event, seq in part.numbered
    ]


def _versioned(account_id: UUID, stored: UsageTimeline | None) -> str:
    return _json({"account_id": account_id, "version": stored.version if stored else 0})


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _timelines(account_ids: Sequence[UUID]) -> list[Kept]:
    """Return what is kept of each account, in their order; what is missing is read."""
    found = [_kept.get(account_id.int) for account_id in account_ids]
    if None in found:
        read = _read([one for one, kept in zip(account_ids, found, strict=True) if kept is None])
        found = [kept or read[one.int] for one, kept in zip(account_ids, found, strict=True)]
    return cast("list[Kept]", found)


def _read(account_ids: Sequence[UUID]) -> dict[int, Kept]:
    """Read whole timelines with their versions, under their locks, and keep them."""
    numbers = sorted({lock_number(account_id) for account_id in account_ids})
    with transaction.atomic(), raw_connection() as raw:
        raw.execute(LOCK_SHARED, [LOCK_CLASS, numbers])
        found = UsageTimeline.objects.in_bulk(list(account_ids))
        ids = [str(account_id) for account_id in account_ids]
        limited = limited_among(raw.execute(UNUSUAL, [ids]).fetchall())
        stretches = raw.execute(STRETCHES, [ids, DAWN, DUSK]).fetchall()
    lines = timelines(stretches, account_ids)
    read = {
        account_id.int: Kept(
            _versioned(account_id, found.get(account_id)),
            line,
            lock_number(account_id),
            account_id in limited,
        )
        for account_id, line in lines.items()
    }
    if len(_kept) + len(read) > LIMIT_KEPT:
        _kept.clear()
    _kept.update(read)
    return read
