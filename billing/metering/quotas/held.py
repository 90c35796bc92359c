"""A window under its lock: what an event makes of it, and whether there is room."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from billing.catalog.models import Aggregation
from billing.kernel.decimals import format_decimal
from billing.kernel.periods import Period
from billing.metering.events import NewEvent
from billing.metering.quotas.errors import UsageQuotaExceeded
from billing.metering.quotas.models import NoticeKind, UsageQuota

NOTHING: Final = Decimal(0)


@dataclass(slots=True)
class Held:
    """A window's row while its lock is held. `values` are those of the events at hand that it has.

    Arithmetic on it wants the exact context.
    """

    id: int
    quota: UsageQuota
    span: Period
    is_counted: bool
    used: Decimal
    reserved: Decimal
    latest_at: datetime | None
    latest_seq: int
    warned_at: datetime | None
    exceeded_at: datetime | None
    values: set[str] = field(default_factory=set)
    new_values: set[str] = field(default_factory=set)
    is_changed: bool = False
    has_refused: bool = False

    def raised_by(self, event: NewEvent, seq: int) -> Decimal:
        """Return by how much the event would raise the usage; less than nothing for a fall."""
        match Aggregation(event.meter.aggregation):
            case Aggregation.SUM:
                return Decimal(event.quantity)
            case Aggregation.COUNT:
                return Decimal(1)
            case Aggregation.MAX:
                return max(self.used, Decimal(event.quantity)) - self.used
            case Aggregation.LATEST:
                is_newer = self.latest_at is None or (event.occurred_at, seq) > (
                    self.latest_at,
                    self.latest_seq,
                )
                return Decimal(event.quantity) - self.used if is_newer else NOTHING
            case Aggregation.UNIQUE:
                return Decimal(event.unique_value not in self.values)

    def has_room(self, amount: Decimal) -> bool:
        """Say whether the usage may rise by so much. What does not rise is never refused."""
        return amount <= 0 or self.used + self.reserved + amount <= self.quota.limit

    def admits(self, event: NewEvent, seq: int) -> bool:
        """Take the event in, or refuse it: only a hard quota does."""
        raised = self.raised_by(event, seq)
        if self.quota.is_hard and not self.has_room(raised):
            self.has_refused = True
            return False
        self.is_changed = True
        self.used += raised
        aggregation = event.meter.aggregation
        if aggregation == Aggregation.LATEST and (
            self.latest_at is None or (event.occurred_at, seq) > (self.latest_at, self.latest_seq)
        ):
            self.latest_at, self.latest_seq = event.occurred_at, seq
        elif aggregation == Aggregation.UNIQUE and raised:
            self.values.add(event.unique_value)
            self.new_values.add(event.unique_value)
        return True

    @property
    def remaining(self) -> Decimal:
        return max(NOTHING, self.quota.limit - self.used - self.reserved)

    def refusal(self) -> UsageQuotaExceeded:
        quota = self.quota
        return UsageQuotaExceeded(
            limit=format_decimal(quota.limit),
            unit=quota.meter.unit,
            metric_type=quota.meter.metric_type,
            remaining=format_decimal(self.remaining),
        )

    def crossed(self) -> list[NoticeKind]:
        """Say what is to be told and was not yet: once a window, each."""
        found = []
        limit = self.quota.limit
        if self.warned_at is None and self.used * 100 >= limit * self.quota.warning_percent:
            found.append(NoticeKind.WARNING)
        if self.exceeded_at is None and (self.has_refused or self.used > limit):
            found.append(NoticeKind.EXCEEDED)
        return found
