"""Which window of a quota an instant falls in: hours, days and months on the tenant's clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from billing.kernel.periods import Interval, Period, period_at
from billing.metering.quotas.models import QuotaPeriod
from billing.metering.timeline import DAWN, DUSK

HOUR: Final = timedelta(hours=1)
MONTH_AND_MORE: Final = timedelta(days=32)
FOREVER: Final = Period(DAWN, DUSK)
INTERVALS: Final = {QuotaPeriod.DAY: Interval.DAY, QuotaPeriod.MONTH: Interval.MONTH}


@dataclass(slots=True)
class Calendar:
    """An account's zone and billing periods, in order of their start, around what is asked for.

    `periods` must hold all that come within MONTH_AND_MORE of the instants that are asked for.
    """

    zone: ZoneInfo
    periods: Sequence[Period] = ()
    _kept: dict[str, Period] = field(default_factory=dict)

    def window_of(self, period: str, moment: datetime) -> Period:
        """Return the window [start, end) that holds the instant."""
        kept = self._kept.get(period)
        if kept is not None and kept.start <= moment < kept.end:
            return kept
        found = self._kept[period] = self._window(period, moment)
        return found

    def _window(self, period: str, moment: datetime) -> Period:
        match QuotaPeriod(period):
            case QuotaPeriod.NONE:
                return FOREVER
            case QuotaPeriod.HOUR:
                return self._hour(moment)
            case QuotaPeriod.BILLING_PERIOD:
                return self._billing_period(moment)
            case calendar:
                return self._of_calendar(INTERVALS[calendar], moment)

    def _hour(self, moment: datetime) -> Period:
        """Return the hour of the local clock: in some zones it begins at half past UTC's."""
        local = moment.astimezone(self.zone)
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return Period(moment - into, moment - into + HOUR)

    def _of_calendar(self, interval: Interval, moment: datetime) -> Period:
        anchor = moment.astimezone(self.zone).replace(
            year=1970, month=1, day=1, hour=0, minute=0, second=0, microsecond=0, fold=0
        )
        return period_at(
            anchor=anchor.astimezone(UTC), zone=self.zone, interval=interval, instant=moment
        )

    def _billing_period(self, moment: datetime) -> Period:
        """Return the billing period; between them the calendar month, as far as none begins."""
        month = self._of_calendar(Interval.MONTH, moment)
        start, end = month.start, month.end
        for period in self.periods:
            if period.start <= moment < period.end:
                return period
            if period.end <= moment:
                start = max(start, period.end)
            else:
                end = min(end, period.start)
        return Period(start, end)
