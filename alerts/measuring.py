"""What alerts compare with their thresholds: the period's cost, and what the last days added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Final

from alerts.anomaly import LONGEST, expected
from alerts.models import ThresholdType
from billing.kernel.money import Money
from billing.models import Account, SubscriptionPeriod
from billing.subscriptions.errors import NoActiveSubscription
from costs.periods import PeriodCosts, costs_of, open_costs
from costs.timeline import PeriodCourse
from tenants.models import Tenant

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(hours=24)
HUNDRED: Final = Decimal(100)


@dataclass(frozen=True)
class Measures:
    """An account at an instant. Each measure is computed when it is first asked for.

    A day is 24 hours that end with the current one: buckets of usage are hours.
    """

    account: Account
    costs: PeriodCosts
    budget_minor: int | None
    now: datetime

    @property
    def end(self) -> datetime:
        return self.now.replace(minute=0, second=0, microsecond=0) + HOUR

    @cached_property
    def last_day(self) -> Money:
        """What usage cost in the last 24 hours."""
        return added(self.costs, [self.end - DAY, self.end], now=self.now)[0]

    @cached_property
    def days_before(self) -> list[int]:
        """What each of the days before the last one cost, the newest first, back to the start."""
        begins = self.costs.subscription.started_at
        most = min(LONGEST, (self.end - DAY - begins) // DAY)
        moments = [self.end - (number + 1) * DAY for number in range(max(most, 0) + 1)][::-1]
        if len(moments) < 2:
            return []
        return [cost.minor for cost in added(self.costs, moments, now=self.now)][::-1]

    def of(self, threshold_type: str) -> Decimal | None:
        """Return the measure in the threshold's unit; None where there is nothing to compare."""
        match ThresholdType(threshold_type):
            case ThresholdType.ABSOLUTE:
                return self.costs.total.major
            case ThresholdType.PERCENTAGE_OF_BUDGET:
                return self._share_of_budget()
            case ThresholdType.DAILY_RATE:
                return self.last_day.major
            case ThresholdType.ANOMALY:
                return self._above_expected()

    def _share_of_budget(self) -> Decimal | None:
        """Return the percentage, rounded down to two decimals: 100 means that it is reached."""
        if not self.budget_minor:
            return None
        basis_points = self.costs.total.minor * 10_000 // self.budget_minor
        return Decimal(basis_points) / HUNDRED

    def _above_expected(self) -> Decimal | None:
        usual = expected(self.days_before)
        if usual is None:
            return None
        return (self.last_day - Money(usual, self.last_day.currency)).major


def measure(account: Account, *, now: datetime) -> Measures | None:
    """Look at an account by its own clock. None without a live subscription: nothing is owed."""
    try:
        costs = open_costs(account, now=now)
    except NoActiveSubscription:
        return None
    budget = Tenant.objects.values_list("budget_minor", flat=True).get(account_id=account.pk)
    return Measures(account, costs, budget, now)


def added(current: PeriodCosts, moments: Sequence[datetime], *, now: datetime) -> list[Money]:
    """Return what usage added to the bills between each two of the instants, over all periods."""
    periods = SubscriptionPeriod.objects.filter(
        account_id=current.account.id, start_at__lt=moments[-1], end_at__gt=moments[0]
    ).select_related("subscription")
    sums = [Money.zero(current.currency)] * len(moments)
    for period in periods.order_by("start_at", "sequence"):
        is_open = period.id == current.period.id
        costs = (
            current if is_open else costs_of(current.account, period.subscription, period, now=now)
        )
        reached = PeriodCourse(costs).up_to(moments)
        sums = [one + more for one, more in zip(sums, reached, strict=True)]
    return [after - before for before, after in pairwise(sums)]
