"""Looking at accounts: what they cost now, and which of their alerts and budgets that reaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from alerts import budgets, watching
from alerts.firing import note
from alerts.measuring import measure
from alerts.models import Alert, AlertFiring, AlertWatch
from billing.kernel import clock
from billing.metering.read import account_version
from billing.models import Account
from costs.snapshot import snapshot

log = structlog.get_logger(__name__)

SETTLES: Final = timedelta(seconds=10)
"""So long after a recording began versions are compared: it draws a number before it commits."""
EVEN_SO: Final = timedelta(seconds=30)
"""So often the versions are compared even where nothing was recorded: events are voided too."""


def look_at(account_id: UUID, *, began: datetime) -> list[AlertFiring]:
    """Measure what an account's alerts and budgets ask for, by its own clock; fire what is reached.

    `began` is the real time.
    """
    account = Account.objects.select_related("test_clock").get(pk=account_id)
    now = clock.now_for(account)
    with snapshot():
        version = account_version(account_id)
        measures = measure(account, now=now)
        alerts = list(Alert.objects.filter(account_id=account_id))
        found = {
            alert.pk: None if measures is None else measures.of(alert.threshold_type)
            for alert in alerts
        }
        spends = [] if measures is None else budgets.spends(measures.costs, now=now)
    if measures is None:
        # Nothing is owed: a subscription that begins is told of, and then it is looked at.
        AlertWatch.objects.filter(pk=account_id, due_at__lte=began).update(due_at=None)
        AlertWatch.objects.filter(pk=account_id).update(seen_version=version, leased_until=None)
        return []
    return note(
        account_id=account_id,
        period=measures.costs.period,
        version=version,
        found=found,
        spends=spends,
        began=began,
        now=now,
    )


def look_at_all(accounts: Sequence[UUID], *, read_clock: Callable[[], datetime]) -> int:
    """Look at accounts that were leased; one that fails stops no other, and is due again."""
    fired = 0
    for account_id in accounts:
        try:
            fired += len(look_at(account_id, began=read_clock()))
        except Exception:  # whatever it is, its lease ends and it is looked at again
            log.exception("alert_failed", account_id=str(account_id))
    return fired


class Sweeper:
    """Finds what changed. One a process: it remembers how far recording had come when it looked."""

    def __init__(self) -> None:
        self._recorded = -1
        self._moved_at: datetime | None = None
        self._compared_at: datetime | None = None

    def sweep(self, *, read_clock: Callable[[], datetime], rounds: int = 20) -> int:
        """Look at all that is to be looked at, a bounded part at a time; return what fired."""
        fired = 0
        for _ in range(rounds):
            now = read_clock()
            found = watching.due(now=now)
            compares = self._may_have_changed(now)
            if compares:
                found += watching.changed(now=now)
            leased = watching.lease(found, now=now) if found else []
            if compares and len(found) < watching.BATCH:
                self._compared_at = now
            if not leased:
                return fired
            fired += look_at_all(leased, read_clock=read_clock)
        return fired

    def _may_have_changed(self, now: datetime) -> bool:
        """Say whether a recording began lately, or the last comparison lies too far back."""
        recorded = watching.recorded_so_far()
        if recorded != self._recorded:
            self._recorded, self._moved_at = recorded, now
        if self._moved_at is not None and now < self._moved_at + SETTLES:
            return True
        return self._compared_at is None or now >= self._compared_at + EVEN_SO
