"""What the system asks of a store of usage.

`tests/services/metering/test_conformance.py` says it in examples, and holds the Postgres store and
a slow one in memory to them.

Another store (a partitioned Postgres, a column store) is one that passes. It has to be told of a
changed timeline (`rebuild`) in the transaction of the change, and to answer `counters_of` at a cost
that does not grow with the events.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from billing.metering import pages, presence, read, rebuild, record, removal, summary, void
from billing.metering.events import AccountBatch, MeterTraits
from billing.metering.pages import EventFilter, Position, StoredEvent
from billing.metering.read import CounterValue
from billing.metering.summary import GroupBy, UsageLine


class UsageStore(Protocol):
    """A store of usage. The functions of `billing.metering` of these names say each in full."""

    def record(self, batches: Sequence[AccountBatch], /) -> list[list[bool]]:
        """Store and count events, each id of an account once; on return they are on disk."""
        ...

    def void_event(self, *, account_id: UUID, event_id: str, now: datetime) -> bool:
        """Take an event out of all sums; False where it was. Raises NotFound."""
        ...

    def rebuild(self, account_id: UUID, start: datetime, end: datetime | None, /) -> None:
        """Count the events of [start, end) by the account's periods and plans as they are now."""
        ...

    def counters_of(self, period_ids: Sequence[UUID], /) -> dict[tuple[UUID, UUID], CounterValue]:
        """Return what each charge counts in each period."""
        ...

    def account_version(self, account_id: UUID, /) -> int:
        """Return a number that grows with every change of the account's counters."""
        ...

    def stored_ids(self, account_id: UUID, event_ids: Sequence[str], /) -> set[str]:
        """Return which of the ids are on disk, voided ones too."""
        ...

    def has_usage(self, *, meter_id: int) -> bool:
        """Say whether any event ever came in for a meter."""
        ...

    def summarize(
        self,
        account_id: UUID,
        start: datetime,
        end: datetime,
        /,
        *,
        meters: dict[int, MeterTraits],
        meter_id: int | None = None,
        group_by: GroupBy = GroupBy.METER,
    ) -> list[UsageLine]:
        """Return what was used in [start, end), in groups, voided events left out."""
        ...

    def events_page(
        self, account_id: UUID, wanted: EventFilter, /, *, after: Position | None, limit: int
    ) -> tuple[Sequence[StoredEvent], Position | None]:
        """Return events, newest first, and where the next page begins."""
        ...

    def forget_usage(self, account_ids: Sequence[UUID], /) -> None:
        """Delete all usage of accounts."""
        ...


class PostgresUsage:
    """The store that the system runs on: the modules of this package."""

    record = staticmethod(record.record)
    void_event = staticmethod(void.void_event)
    rebuild = staticmethod(rebuild.rebuild)
    counters_of = staticmethod(read.counters_of)
    account_version = staticmethod(read.account_version)
    stored_ids = staticmethod(presence.stored_ids)
    has_usage = staticmethod(presence.has_usage)
    summarize = staticmethod(summary.summarize)
    events_page = staticmethod(pages.events_page)
    forget_usage = staticmethod(removal.forget_usage)


POSTGRES: Final[UsageStore] = PostgresUsage()
