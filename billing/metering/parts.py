"""Batches of any accounts, sorted for writing: the first event of each id, by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from billing.metering.events import AccountBatch, NewEvent
from billing.metering.tally import BucketKey, Sums, Tally
from billing.metering.timeline import Timeline

BLOCK: Final = 10_000
"""Sequence numbers that one value of `billing_usage_block` stands for."""


@dataclass(slots=True)
class Part:
    """An account's events of all its batches: the first of each id, by id, with their numbers."""

    account_id: UUID
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
) -> tuple[dict[UUID, Part], list[list[bool]]]:
    """Number the events in the order given; keep the first of each id, sorted by id.

    Returns also, for each batch, which events are the first of their ids. Concurrent writers
    insert in the order of the key: those who meet in two ids wait in a line.
    """
    numbers = (number for block in blocks for number in range(block * BLOCK, (block + 1) * BLOCK))
    parts: dict[UUID, Part] = {}
    firsts = []
    for batch in batches:
        part = parts.setdefault(batch.account_id, Part(batch.account_id, batch.recorded_at))
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


def tallied(
    parts: Sequence[Part], lines: Mapping[UUID, Timeline]
) -> Iterator[tuple[BucketKey, Sums]]:
    for part in parts:
        tally = Tally(str(part.account_id), lines[part.account_id])
        tally.add(part.numbered)
        yield from tally.buckets()
