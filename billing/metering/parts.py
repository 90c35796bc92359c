"""Batches of any accounts, sorted for writing: the first event of each id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, compress
from operator import attrgetter, not_
from typing import Final
from uuid import UUID
from zlib import crc32

from billing.metering.events import AccountBatch, NewEvent
from billing.metering.tally import BucketKey, Sums, Tally
from billing.metering.timeline import Timeline

BLOCK: Final = 10_000
"""Sequence numbers that one value of `billing_usage_block` stands for."""

_BY_ID: Final = attrgetter("account_id.int")


@dataclass(slots=True)
class Part:
    """An account's events of all its batches: the first of each id, with their numbers.

    They stand in the order in which they are to be written.
    """

    account_id: UUID
    account_text: str
    recorded_at: datetime
    first: dict[str, tuple[NewEvent, int]] = field(default_factory=dict)
    numbered: list[tuple[NewEvent, int]] = field(default_factory=list)
    is_plain: bool = True

    def keep(self, recorded: set[tuple[UUID, str]]) -> None:
        """Forget the events that were there before."""
        account_id = self.account_id
        self.numbered = [
            pair for pair in self.numbered if (account_id, pair[0].event_id) in recorded
        ]


def parts_of(
    batches: Sequence[AccountBatch], blocks: Sequence[int]
) -> tuple[list[Part], list[list[bool]]]:
    """Number the events in the order given; keep the first of each id, in the order of writing.

    Returns also, for each batch, which events are the first of their ids. Concurrent writers
    insert in one order: those who meet in two ids wait in a line.
    """
    numbers = chain.from_iterable([range(at * BLOCK, (at + 1) * BLOCK) for at in blocks])
    parts: dict[int, Part] = {}
    firsts = []
    for batch in batches:
        number = batch.account_id.int  # to hash a UUID itself is a call of Python's
        part = parts.get(number)
        if part is None:
            part = parts[number] = Part(batch.account_id, str(batch.account_id), batch.recorded_at)
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
        part.numbered = [part.first[event_id] for event_id in in_writing_order(part.first)]
    return sorted(parts.values(), key=_BY_ID), firsts


def in_writing_order(ids: Iterable[str]) -> list[str]:
    """Return event ids in the one order in which all writers insert them: no two meet head-on.

    That is some seven in twelve, told by a checksum of the id, in the order of the key; then the
    others. Ids of one origin follow each other, and a B-tree that gets them in their order splits
    a page in halves and fills the left one no further. The others fill these halves: the key takes
    two thirds of the pages. See docs/performance.md.
    """
    in_order = sorted(ids)
    goes_first = [crc32(event_id.encode()) % 12 < 7 for event_id in in_order]
    return [*compress(in_order, goes_first), *compress(in_order, map(not_, goes_first))]


def tallied(parts: Sequence[Part], lines: Sequence[Timeline]) -> list[tuple[BucketKey, Sums]]:
    """Add up the events of each part by the timeline of its account, `lines` in the same order."""
    found: list[tuple[BucketKey, Sums]] = []
    for part, line in zip(parts, lines, strict=True):
        tally = Tally(part.account_text, line)
        tally.add(part.numbered)
        found += tally.buckets()
    return found
