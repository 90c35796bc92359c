"""What bills are made of, read at once: as many queries for fifty periods as for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from billing.catalog.models import Meter
from billing.catalog.terms import plan_terms
from billing.kernel.reads import AnyOf, Read
from billing.metering.read import account_versions
from billing.models import Discount, PlanVersion, Subscription, SubscriptionPeriod
from billing.rating.fees import KnownFees, read_fees
from billing.rating.late import periods_that_moved
from billing.rating.period import Known, read_known
from billing.subscriptions.discounting import read_discounts
from invoicing.taxes.positions import KnownTaxes, issue_day, read_taxes
from tenants.models import Tenant

_PLAN: Final = PlanVersion.plan.field


METERS: Final[Read[Meter]] = Read(lambda: Meter.objects.filter(AnyOf("id", 0, "bigint")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that compositions as of one instant need to know of their accounts.

    `usage_versions` and `moved` are by account, `discounts` by subscription, `plans` are the names
    of plans by version.
    """

    usage_versions: Mapping[UUID, int]
    moved: Mapping[UUID, set[UUID]]
    rating: Known
    fees: KnownFees
    discounts: Mapping[UUID, list[Discount]]
    taxes: KnownTaxes
    plans: Mapping[UUID, str]
    meters: Mapping[int, Meter]


def read_facts(
    tenants: Sequence[Tenant], periods: Sequence[SubscriptionPeriod], *, now: datetime
) -> Facts:
    """Read the facts about these periods of these tenants. Each has its subscription loaded."""
    accounts = [tenant.account_id for tenant in tenants]
    usage_versions = account_versions(accounts)  # before usage is read: never too new
    moved = periods_that_moved(accounts)
    rating, fees = read_known(periods), read_fees(periods)
    versions = set(_versions(periods, rating, fees))
    return Facts(
        usage_versions=usage_versions,
        moved=moved,
        rating=rating,
        fees=fees,
        discounts=read_discounts([period.subscription_id for period in periods]),
        taxes=read_taxes(tenants, on=issue_day(now)),
        plans=_plans(periods, versions),
        meters={meter.pk: meter for meter in METERS(sorted(_meters(versions)))},
    )


def _versions(
    periods: Sequence[SubscriptionPeriod], rating: Known, fees: KnownFees
) -> Iterable[UUID]:
    for period in periods:
        subscription: Subscription = period.subscription
        yield subscription.plan_version_id
        if subscription.pending_plan_version_id is not None:
            yield subscription.pending_plan_version_id
    for segments in rating.segments.values():
        yield from (segment.plan_version_id for segment in segments)
    for items in fees.items.values():
        yield from (item.plan_version_id for item in items)


def _plans(periods: Sequence[SubscriptionPeriod], versions: set[UUID]) -> dict[UUID, str]:
    """Return the plans' names by version; those that came with the subscriptions are at hand."""
    held = {period.subscription.plan_version for period in periods}
    names = {version.pk: version.plan.name for version in held if _PLAN.is_cached(version)}
    missing = versions - names.keys()
    if missing:
        rows = PlanVersion.objects.filter(pk__in=missing).values_list("pk", "plan__name")
        names.update(rows)
    return names


def _meters(versions: Iterable[UUID]) -> set[int]:
    return {charge.meter_id for version in versions for charge in plan_terms(version).charges}
