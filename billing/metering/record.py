"""Recording usage: each event once, counted in the transaction that stores it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

import psycopg
from django.db import transaction
from django.db.utils import IntegrityError, OperationalError

from billing.kernel.statements import Connection, Cursor, connection_here, cursor_of, raw_connection
from billing.metering import rows
from billing.metering.durable import COMMIT_AT_ONCE, make_durable
from billing.metering.events import AccountBatch
from billing.metering.few import forget_timeline, record_few, seems_limited
from billing.metering.parts import BLOCK, Part, parts_of, tallied
from billing.metering.quotas.admission import Refusals, admit
from billing.metering.store import add_sums
from billing.metering.tally import BucketKey, Sums
from billing.metering.timeline import (
    LOCK_CLASS,
    STRETCHES,
    UNUSUAL,
    Timeline,
    limited_among,
    lock_number,
    timelines,
)

COPY_FROM: Final = 64
"""The number of events from which COPY is faster than INSERT."""

ATTEMPTS: Final = 3

LOCK_AND_NUMBER: Final = """
WITH locked AS MATERIALIZED (
    SELECT count(pg_advisory_xact_lock_shared(%s, number)::text) AS locks
    FROM unnest(%s::int[]) AS number
)
SELECT nextval('billing_usage_block') FROM locked, generate_series(1, %s) WHERE locks >= 0
"""


class _SomeAreThere(Exception):
    """An event's id was stored before."""


def record(batches: Sequence[AccountBatch]) -> list[list[bool]]:
    """Store and count events, of any number of accounts, in one transaction.

    Returns for each batch, event by event, whether it was recorded; False is a duplicate: its id
    was there before, or stands earlier in the batch. On return of the outermost transaction all is
    on disk, also the first copies of duplicates, whoever recorded them. A deadlock, which only an
    operator's own statements can make, is tried again.
    Raises TenantNotFound, having recorded nothing, where one of the accounts is closed.
    """
    is_outermost = not connection_here().in_atomic_block
    for _ in range(ATTEMPTS - 1 if is_outermost else 0):
        try:
            return _record(batches, is_outermost=is_outermost)
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
                raise
    return _record(batches, is_outermost=is_outermost)


def _record(batches: Sequence[AccountBatch], *, is_outermost: bool) -> list[list[bool]]:
    """Try as if no id were there already; where one is, go back and find out which."""
    try:
        if is_outermost and _count(batches) < COPY_FROM:
            quick = record_few(batches)
            if quick is not None:
                return quick
        outcomes = _record_once(batches, all_are_new=True)
    except (_SomeAreThere, psycopg.errors.UniqueViolation, IntegrityError):
        outcomes = _record_again(batches)
    make_durable()
    return outcomes


def _record_again(batches: Sequence[AccountBatch]) -> list[list[bool]]:
    """Find out which are there. Under quotas one more may come in meanwhile: then once more."""
    for _ in range(ATTEMPTS):
        with suppress(_SomeAreThere, psycopg.errors.UniqueViolation, IntegrityError):
            return _record_once(batches, all_are_new=False)
    return _record_once(batches, all_are_new=False)


def _count(batches: Sequence[AccountBatch]) -> int:
    return sum([len(batch.events) for batch in batches])  # a list is faster than a generator


def _record_once(batches: Sequence[AccountBatch], *, all_are_new: bool) -> list[list[bool]]:
    """Record in a transaction that does not wait for its flush, where it is one of our own."""
    is_outermost = not connection_here().in_atomic_block
    with transaction.atomic(), raw_connection() as raw:
        lines, blocks, limited = _prepare(raw, batches, at_once=is_outermost)
        parts, first = parts_of(batches, blocks)
        ordered = [lines[part.account_id] for part in parts]
        if limited:
            return _record_admitted(raw, batches, (parts, first), ordered)
        if all_are_new:
            _store_new(raw, parts, tallied(parts, ordered))
            return first
        recorded = set(_insert(cursor_of(raw), parts).fetchall())
        for part in parts:
            part.keep(recorded)
        add_sums(raw, tallied(parts, ordered))
        outcomes = zip(batches, first, strict=True)
        return [_outcome(batch, flags, recorded) for batch, flags in outcomes]


def _record_admitted(
    raw: Connection,
    batches: Sequence[AccountBatch],
    sorted_batches: tuple[Sequence[Part], list[list[bool]]],
    lines: Sequence[Timeline],
) -> list[list[bool]]:
    """Record what quotas let in. Raises where one of the ids has come in meanwhile."""
    parts, first = sorted_batches
    refusals = admit(parts)
    recorded = {(part.account_id, event.event_id) for part in parts for event, _ in part.numbered}
    if recorded:
        _store_new(raw, parts, tallied(parts, lines))
    for batch in batches:
        _name_refused(batch, refusals)
    outcomes = zip(batches, first, strict=True)
    return [_outcome(batch, flags, recorded) for batch, flags in outcomes]


def _name_refused(batch: AccountBatch, refusals: Refusals) -> None:
    batch.refused.clear()
    for index, event in enumerate(batch.events if refusals else ()):
        refusal = refusals.get((batch.account_id, event.event_id))
        if refusal is not None:
            batch.refused[index] = refusal


def _prepare(
    raw: Connection, batches: Sequence[AccountBatch], *, at_once: bool
) -> tuple[dict[UUID, Timeline], list[int], frozenset[UUID]]:
    """Lock the timelines, read them, and take sequence numbers: one round trip.

    Returns also which accounts have quotas. Raises TenantNotFound where one is closed.

    The lock is a statement of its own, so that the next one's snapshot is younger than the lock.
    """
    accounts = [batch.account_id for batch in batches]
    moments = [event.occurred_at for batch in batches for event in batch.events]
    total = len(moments)
    numbers = sorted({lock_number(account_id) for account_id in accounts})
    ids = [str(account_id) for account_id in accounts]
    with raw.pipeline():
        if at_once:
            cursor_of(raw).execute(COMMIT_AT_ONCE)
        locks = [LOCK_CLASS, numbers, -(-total // BLOCK)]
        blocks = cursor_of(raw).execute(LOCK_AND_NUMBER, locks)
        stretches = cursor_of(raw).execute(STRETCHES, [ids, min(moments), max(moments)])
        limited = limited_among(cursor_of(raw).execute(UNUSUAL, [ids]).fetchall())
        for account_id in accounts:
            if account_id not in limited and seems_limited(account_id):
                forget_timeline(account_id)
        taken = [row[0] for row in blocks.fetchall()]
        return timelines(stretches.fetchall(), accounts), taken, limited


def _outcome(
    batch: AccountBatch, firsts: list[bool], recorded: set[tuple[UUID, str]]
) -> list[bool]:
    account_id = batch.account_id
    return [
        is_first and (account_id, event.event_id) in recorded
        for event, is_first in zip(batch.events, firsts, strict=True)
    ]


def _store_new(
    raw: Connection, parts: Sequence[Part], sums: Sequence[tuple[BucketKey, Sums]]
) -> None:
    """Write events and sums, in one round trip where they are few.

    Raises where an id was there: the transaction has to be undone, its sums are too high.
    """
    total = sum(len(part.numbered) for part in parts)
    if total >= COPY_FROM:
        _copy(raw, parts)
        add_sums(raw, sums)
        return
    with raw.pipeline():
        inserted = _insert(cursor_of(raw), parts)
        add_sums(raw, sums)
        if inserted.rowcount != total:
            raise _SomeAreThere


def _insert(cursor: Cursor, parts: Sequence[Part]) -> Cursor:
    text = rows.insert_text(
        [
            (part.account_text, event, seq, part.recorded_at)
            for part in parts
            for event, seq in part.numbered
        ]
    )
    return cursor.execute(rows.INSERT, [text.decode()])


def _copy(raw: Connection, parts: Sequence[Part]) -> None:
    with raw.cursor() as cursor, cursor.copy(rows.COPY) as copy:
        for part in parts:
            account_id, now = part.account_text, part.recorded_at
            copy.write(rows.copy_text(account_id, part.numbered, now, is_plain=part.is_plain))
