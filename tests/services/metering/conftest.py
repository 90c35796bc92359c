"""An account that pays for usage by a monthly plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from billing.metering.read import CounterValue, counters_of
from billing.metering.record import record
from billing.models import Account, Charge, Meter, PlanVersion, Subscription, SubscriptionPeriod
from tests import factories

JUNE = datetime(2025, 6, 1, tzinfo=UTC)
JULY = datetime(2025, 7, 1, tzinfo=UTC)


@dataclass
class Metered:
    """One subscribed account; a meter of each aggregation, each with a charge."""

    account: Account
    version: PlanVersion
    subscription: Subscription
    period: SubscriptionPeriod
    meters: dict[str, Meter]
    charges: dict[str, Charge]

    def record(self, *events: object) -> list[bool]:
        (outcome,) = record([factories.batch(self.account, *events)])  # type: ignore[arg-type]
        return outcome

    def counter(self, aggregation: str, period_id: UUID | None = None) -> CounterValue:
        place = (period_id or self.period.id, self.charges[aggregation].id)
        return counters_of([place[0]]).get(place, CounterValue())

    def total(self, aggregation: str = "SUM") -> Decimal:
        return self.counter(aggregation).total


def make_metered() -> Metered:
    account = factories.account()
    version = factories.plan_version()
    meters = {kind: factories.meter(kind) for kind in ("SUM", "COUNT", "MAX", "LATEST", "UNIQUE")}
    charges = {kind: factories.charge(version, meter) for kind, meter in meters.items()}
    subscription = factories.subscription(account, version, JUNE)
    period = factories.period(subscription, JUNE, JULY)
    return Metered(account, version, subscription, period, meters, charges)


@pytest.fixture
def metered(db: None) -> Metered:
    return make_metered()
