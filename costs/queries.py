"""What others ask this app: what an account, or one of its cost centers, costs by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from billing.kernel.money import Money
from billing.models import Account
from billing.subscriptions.errors import NoActiveSubscription
from costs.allocating import Allocated
from costs.periods import PeriodCosts, open_costs
from costs.rules import allocated
from costs.snapshot import snapshot
from tenants.cost_centers.models import CostCenter
from tenants.cost_centers.queries import cost_centers_of
from tenants.cost_centers.tree import line_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CenterSpends:
    """The cost centers of a tenant with what they have spent in its open period.

    `own` and `unallocated` sum to `usage`; `subtree` has a center's own with all below it. Its own
    is what it used itself, `direct`, and what allocation rules brought it, less what they took.
    Without a live subscription all is zero, and `costs` is None.
    """

    currency: str
    centers: tuple[CostCenter, ...]
    direct: Mapping[UUID, Money]
    own: Mapping[UUID, Money]
    subtree: Mapping[UUID, Money]
    unallocated: Money
    usage: Money
    costs: PeriodCosts | None


def total_cost(account_id: UUID, now: datetime) -> Money:
    """Return what the open period costs so far, fee and usage, before discounts and taxes.

    Zero without a live subscription. From counters alone: it costs the same for any usage.
    """
    account = Account.objects.get(pk=account_id)
    with snapshot():
        try:
            return open_costs(account, now=now).total
        except NoActiveSubscription:
            return Money.zero(account.currency)


def center_spends(account: Account, *, now: datetime) -> CenterSpends:
    """Return what each cost center has spent of the open period's usage cost, exactly."""
    with snapshot():
        centers = cost_centers_of(account.id)
        try:
            costs = open_costs(account, now=now)
        except NoActiveSubscription:
            return _spends(account.currency, centers, None, None)
        return _spends_of(costs, centers, now=now)


def spends_of(costs: PeriodCosts, *, now: datetime) -> CenterSpends:
    """Return what each cost center has spent of costs that are computed, in the same snapshot."""
    return _spends_of(costs, cost_centers_of(costs.account.id), now=now)


def _spends_of(costs: PeriodCosts, centers: list[CostCenter], *, now: datetime) -> CenterSpends:
    found = allocated(costs, [center.id for center in centers], now=now)
    return _spends(costs.currency, centers, costs, found)


def _spends(
    currency: str,
    centers: list[CostCenter],
    costs: PeriodCosts | None,
    found: Allocated | None,
) -> CenterSpends:
    nothing = Money.zero(currency)
    ids = [center.id for center in centers]
    own = {one: nothing if found is None else found.spend(one) for one in ids}
    return CenterSpends(
        currency=currency,
        centers=tuple(centers),
        direct=dict.fromkeys(ids, nothing) if found is None else found.direct,
        own=own,
        subtree=subtree_sums(own, {center.id: center.parent_id for center in centers}),
        unallocated=nothing if found is None else found.unallocated,
        usage=nothing if costs is None else costs.usage,
        costs=costs,
    )


def subtree_sums(
    own: Mapping[UUID, Money], parents: Mapping[UUID, UUID | None]
) -> dict[UUID, Money]:
    """Add each center's own spend to it and to all above it."""
    sums = dict(own)
    for center, spend in own.items():
        if spend:
            for above in list(line_of(center, parents))[1:]:
                sums[above] = sums[above] + spend
    return sums
