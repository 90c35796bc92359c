"""Few events in one round trip: a function in the database does what `record` does in six.

It needs the accounts' timelines beforehand, so they are kept in the process with their versions;
the function compares these under the timeline's lock, and does nothing where one has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from django.db import transaction

from billing.kernel.statements import Statement, raw_connection
from billing.metering import rows
from billing.metering.events import AccountBatch
from billing.metering.models import UsageTimeline
from billing.metering.parts import Part, parts_of, tallied
from billing.metering.store import counters_among, row_of
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
    """An account's timeline with its version, and whether quotas limit it."""

    version: int
    line: Timeline
    is_limited: bool


_kept: dict[UUID, Kept] = {}


def seems_limited(account_id: UUID) -> bool:
    """Say whether the account had quotas when its timeline was read: then it goes another way."""
    kept = _kept.get(account_id)
    return kept is not None and kept.is_limited


def forget_timeline(account_id: UUID) -> None:
    _kept.pop(account_id, None)


def record_few(batches: Sequence[AccountBatch]) -> list[list[bool]] | None:
    """Record events none of which is there yet. Outside of any transaction: it is two.

    The second one makes the first durable. Returns None, having done nothing, where that is not the
    way: a distinct value has to be counted, an account has quotas, or a timeline has changed.
    Raises IntegrityError where an id is there already, TenantNotFound where an account is closed.
    """
    if any(event.meter.unique_field for batch in batches for event in batch.events):
        return None
    found, first = parts_of(batches, [0])
    parts = list(found.values())
    known = _timelines([part.account_id for part in parts])
    if any(kept.is_limited for kept in known.values()):
        return None
    lines = {account_id: kept.line for account_id, kept in known.items()}
    versions = [{"account_id": str(key), "version": known[key].version} for key in lines]
    buckets = sorted(tallied(parts, lines), key=lambda part: part[0])
    done = RECORD.rows(
        str(LOCK_CLASS),
        "{{{}}}".format(",".join(_lock_numbers(lines))),
        _json(versions),
        rows.insert_text(_rows(parts)).decode(),
        _json([row_of(key, sums) for key, sums in buckets]),
        _json([row_of(key, sums) for key, sums in counters_among(buckets)]),
    )
    if done[0][0] == "true":
        return first
    for account_id in lines:
        _kept.pop(account_id, None)
    return None


def _rows(parts: Sequence[Part]) -> list[Any]:
    return [
        (str(part.account_id), event, seq, part.recorded_at)
        for part in parts
        for event, seq in part.numbered
    ]


def _lock_numbers(account_ids: Iterable[UUID]) -> list[str]:
    """Return the numbers of the accounts' locks in the order in which they are taken."""
    return [str(number) for number in sorted({lock_number(one) for one in account_ids})]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _timelines(account_ids: Sequence[UUID]) -> dict[UUID, Kept]:
    missing = [account_id for account_id in account_ids if account_id not in _kept]
    read = _read(missing) if missing else {}
    return {account_id: _kept.get(account_id) or read[account_id] for account_id in account_ids}


def _read(account_ids: Sequence[UUID]) -> dict[UUID, Kept]:
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
        account_id: Kept(
            found[account_id].version if account_id in found else 0, line, account_id in limited
        )
        for account_id, line in lines.items()
    }
    if len(_kept) + len(read) > LIMIT_KEPT:
        _kept.clear()
    _kept.update(read)
    return read
