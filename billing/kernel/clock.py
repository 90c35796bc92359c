"""The one place that reads the time. Entry points call it once and hand `now` down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class HasClock(Protocol):
    """What an account shows of its clock: the frozen time, where it is on a test clock."""

    @property
    def frozen_time(self) -> datetime | None: ...


def now() -> datetime:
    """Return the real time in UTC: for tokens, idempotency and deliveries."""
    return datetime.now(UTC)


def now_for(account: HasClock) -> datetime:
    """Return the account's time in UTC: its test clock's frozen one, else the real one.

    Every rule about money reads this one, so a year of billing can be tried in seconds.
    """
    return account.frozen_time or now()
