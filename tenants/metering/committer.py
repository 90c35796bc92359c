"""Group commit: events that come in at the same time, from many requests, share one transaction.

A single event costs a flush to disk: under load one serves many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from django.db import InterfaceError, OperationalError

from billing.kernel.joint import Joint, Waiting
from billing.kernel.statements import connection_here
from billing.metering.events import AccountBatch
from billing.metering.few import seems_limited
from billing.metering.record import record

log = structlog.get_logger(__name__)


class Committer(Joint):
    """The process's queue of batches."""

    def record(self, batch: AccountBatch) -> list[bool]:
        """Record a batch together with others; return once it is on disk.

        Within a transaction of the caller's it is recorded in that one. Raises ServiceUnavailable
        where too many wait, and what recording this batch raises.
        """
        if connection_here().in_atomic_block:
            return record([batch])[0]
        outcome: list[bool] = self.wait_for(Waiting(batch))
        return outcome

    def work(self, group: list[Waiting]) -> None:
        commit(group)


def commit(group: Sequence[Waiting]) -> None:
    """Record what each of a group wants, an AccountBatch. Where that fails, each is tried alone.

    Each gets its outcome, or its error. Accounts with quotas take more round trips, so they go by
    themselves, after the others.
    """
    limited = [one for one in group if seems_limited(one.wanted.account_id)]
    if limited and len(limited) < len(group):
        commit([one for one in group if one not in limited])
        commit(limited)
        return
    try:
        outcomes = _record([one.wanted for one in group])
    except Exception as error:
        if len(group) == 1 or isinstance(error, OperationalError | InterfaceError):
            for one in group:
                one.error = error
            return
        log.warning("joint_commit_failed", requests=len(group), exc_info=error)
        for one in group:
            commit([one])
        return
    for one, outcome in zip(group, outcomes, strict=True):
        one.outcome = outcome


def _record(batches: list[AccountBatch]) -> list[list[bool]]:
    """Record; where the connection has died, once more on a new one.

    A commit whose answer was lost makes the second try find duplicates: nothing counts twice.
    """
    try:
        return record(batches)
    except (OperationalError, InterfaceError):
        connection_here().close()
        return record(batches)


COMMITTER: Final = Committer()
