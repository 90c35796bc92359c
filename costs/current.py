"""What the open period costs at this moment, and how that compares with the one before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.kernel.money import Money
from billing.models import Account
from costs.periods import PeriodCosts, costs_of, open_costs, period_before
from costs.quantities import MetricCost, by_metric
from costs.shares import percent_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The open period's costs by meter. `previous` is None in a subscription's first period.

    `change_percent` is what the total is above the whole period before, to two decimals; None
    where that cost nothing.
    """

    costs: PeriodCosts
    metrics: tuple[MetricCost, ...]
    previous: Money | None
    change_percent: Decimal | None


def current_costs(account: Account, *, now: datetime) -> Current:
    """Return what the open period costs so far: from counters alone. Raises NoActiveSubscription.

    The caller reads within one `snapshot`.
    """
    costs = open_costs(account, now=now)
    before = period_before(costs.period)
    previous = None
    if before is not None:
        previous = costs_of(account, costs.subscription, before, now=now).total
    change = None if previous is None else percent_of(costs.total - previous, previous)
    return Current(
        costs=costs,
        metrics=tuple(by_metric(costs)),
        previous=previous,
        change_percent=change,
    )
