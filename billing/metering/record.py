"""Recording usage: each event once, counted in the transaction that stores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from django.db import connection, transaction
from django.db.utils import OperationalError

from billing.metering import rows
from billing.metering.events import AccountBatch, NewEvent
from billing.metering.store import Connection, add_sums, raw_connection
from billing.metering.tally import Tally
from billing.metering.timeline import LOCK_CLASS, STRETCHES, Timeline, lock_number, timelines

BLOCK: Final = 10_000
"""Sequence numbers that one value of `billing_usage_block` stands for."""

COPY_FROM: Final = 64
"""The number of events from which COPY is faster than INSERT."""

ATTEMPTS: Final = 3

LOCK_SHARED: Final = (
    "SELECT pg_advisory_xact_lock_shared(%s, number) FROM unnest(%s::int[]) AS number"
)
NEXT_BLOCKS: Final = "SELECT nextval('billing_usage_block') FROM generate_series(1, %s)"


@dataclass(slots=True)
class _Part:
    """An account's events of all its batches: the first of each id, by id, with their numbers."""

    account_id: UUID
    recorded_at: datetime
    first: dict[str, tuple[NewEvent, int]] = field(default_factory=dict)
    numbered: list[tuple[NewEvent, int]] = field(default_factory=list)
    is_plain: bool = True


def record(batches: Sequence[AccountBatch]) -> list[list[bool]]:
    """Store and count events, of any number of accounts, in one transaction.

    Returns for each batch, event by event, whether it was recorded; False is a duplicate: its id
    was there before, or stands earlier in the batch. On return of the outermost transaction all is
    on disk. A deadlock, which only an operator's own statements can make, is tried again.
    """
    attempts = 1 if connection.in_atomic_block else ATTEMPTS
    for _ in range(attempts - 1):
        try:
            return _record(batches)
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
                raise
    return _record(batches)


def _record(batches: Sequence[AccountBatch]) -> list[list[bool]]:
    with transaction.atomic(), raw_connection() as raw:
        lines, blocks = _prepare(raw, batches)
        parts, first = _parts(batches, blocks)
        recorded = _store(raw, list(parts.values()))
        tallies = []
        for part in parts.values():
            kept = part.numbered
            if recorded is not None:
                kept = [pair for pair in kept if (part.account_id, pair[0].event_id) in recorded]
            if kept:
                tally = Tally(str(part.account_id), lines[part.account_id])
                tally.add(kept)
                tallies.append(tally)
        add_sums(raw, (bucket for tally in tallies for bucket in tally.buckets()))
        return [
            _outcome(batch, firsts, recorded) for batch, firsts in zip(batches, first, strict=True)
        ]


def _prepare(
    raw: Connection, batches: Sequence[AccountBatch]
) -> tuple[dict[UUID, Timeline], list[int]]:
    """Lock the timelines, read them, and take sequence numbers: one round trip.

    The lock is a statement of its own, so that the next one's snapshot is younger than the lock.
    """
    accounts = [batch.account_id for batch in batches]
    moments = [event.occurred_at for batch in batches for event in batch.events]
    total = len(moments)
    numbers = sorted({lock_number(account_id) for account_id in accounts})
    ids = [str(account_id) for account_id in accounts]
    with raw.pipeline():
        raw.execute(LOCK_SHARED, [LOCK_CLASS, numbers], prepare=True)
        stretches = raw.execute(STRETCHES, [ids, min(moments), max(moments)], prepare=True)
        blocks = raw.execute(NEXT_BLOCKS, [-(-total // BLOCK)], prepare=True)
        return timelines(stretches.fetchall(), accounts), [row[0] for row in blocks.fetchall()]


def _parts(
    batches: Sequence[AccountBatch], blocks: Sequence[int]
) -> tuple[dict[UUID, _Part], list[list[bool]]]:
    """Number the events in the order given; keep the first of each id, sorted by id.

    Returns also, for each batch, which events are the first of their ids. Concurrent writers
    insert in the order of the key: those who meet in two ids wait in a line.
    """
    numbers = (number for block in blocks for number in range(block * BLOCK, (block + 1) * BLOCK))
    parts: dict[UUID, _Part] = {}
    firsts = []
    for batch in batches:
        part = parts.setdefault(batch.account_id, _Part(batch.account_id, batch.recorded_at))
        part.is_plain = part.is_plain and batch.is_plain
        seen = part.first
        flags = []
        for event, seq in zip(batch.events, numbers, strict=False):
            is_first = event.event_id not in seen
            flags.append(is_first)
            if is_first:
                seen[event.event_id] = (event, seq)
        firsts.append(flags)
    for part in parts.values():
        part.numbered = [part.first[event_id] for event_id in sorted(part.first)]
    return dict(sorted(parts.items())), firsts


def _outcome(
    batch: AccountBatch, firsts: list[bool], recorded: set[tuple[UUID, str]] | None
) -> list[bool]:
    if recorded is None:
        return firsts
    account_id = batch.account_id
    return [
        is_first and (account_id, event.event_id) in recorded
        for event, is_first in zip(batch.events, firsts, strict=True)
    ]


def _store(raw: Connection, parts: Sequence[_Part]) -> set[tuple[UUID, str]] | None:
    """Write the events; return those that were new, or None where all were."""
    if sum(len(part.numbered) for part in parts) >= COPY_FROM:
        try:
            with raw.transaction():
                _copy(raw, parts)
        except psycopg.errors.UniqueViolation:
            pass
        else:
            return None
    columns = rows.arrays(
        [
            (str(part.account_id), event, seq, part.recorded_at)
            for part in parts
            for event, seq in part.numbered
        ]
    )
    found: list[Any] = raw.execute(rows.INSERT, columns, prepare=True).fetchall()
    return set(found)


def _copy(raw: Connection, parts: Sequence[_Part]) -> None:
    with raw.cursor() as cursor, cursor.copy(rows.COPY) as copy:
        for part in parts:
            account_id, now = str(part.account_id), part.recorded_at
            copy.write(rows.copy_text(account_id, part.numbered, now, is_plain=part.is_plain))
