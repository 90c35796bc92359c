"""Valid rows, written directly; a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from billing.kernel.ids import uuid7
from billing.metering.events import AccountBatch, MeterTraits, NewEvent, unique_value_of
from billing.models import (
    Account,
    Charge,
    Meter,
    Plan,
    PlanVersion,
    Segment,
    Subscription,
    SubscriptionPeriod,
    TestClock,
)
from tenants.models import Tenant

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
_numbers = count(1)


def account(*, customer: Account | None = None, clock: TestClock | None = None) -> Account:
    """Make an account and its tenant."""
    made = Account.objects.create(
        id=uuid7(), currency="USD", customer=customer, test_clock=clock, created_at=LONG_AGO
    )
    Tenant.objects.create(account=made, name="Acme", created_at=LONG_AGO)
    return made


def clock(at: datetime) -> TestClock:
    return TestClock.objects.create(frozen_time=at, reached_at=at, created_at=LONG_AGO)


def meter(aggregation: str = "SUM", **fields: Any) -> Meter:
    given = {
        "metric_type": f"METER_{next(_numbers)}",
        "name": "Meter",
        "unit": "count",
        "unique_field": "userId" if aggregation == "UNIQUE" else "",
        "created_at": LONG_AGO,
        **fields,
    }
    return Meter.objects.create(aggregation=aggregation, **given)


def plan_version(**fields: Any) -> PlanVersion:
    plan = Plan.objects.create(code=f"plan-{next(_numbers)}", name="Plan", created_at=LONG_AGO)
    given = {
        "version": 1,
        "currency": "USD",
        "interval": "MONTH",
        "price_minor": 0,
        "created_at": LONG_AGO,
        **fields,
    }
    return PlanVersion.objects.create(plan=plan, **given)


def charge(version: PlanVersion, of: Meter, **fields: Any) -> Charge:
    given = {
        "position": Charge.objects.filter(plan_version=version).count(),
        "model": "PER_UNIT",
        "unit_price": Decimal("0.01"),
        **fields,
    }
    return Charge.objects.create(plan_version=version, meter=of, **given)


def subscription(of: Account, version: PlanVersion, start: datetime, **fields: Any) -> Subscription:
    """Make an ACTIVE subscription with one open segment and no period yet."""
    given = {
        "status": "ACTIVE",
        "timezone": "UTC",
        "started_at": start,
        "anchor_at": start,
        "created_at": start,
        "updated_at": start,
        **fields,
    }
    made = Subscription.objects.create(account=of, plan_version=version, **given)
    segment(made, version, start)
    return made


def segment(
    of: Subscription, version: PlanVersion, start: datetime, end: datetime | None = None
) -> Segment:
    return Segment.objects.create(
        account_id=of.account_id, subscription=of, plan_version=version, start_at=start, end_at=end
    )


def period(of: Subscription, start: datetime, end: datetime, **fields: Any) -> SubscriptionPeriod:
    number = SubscriptionPeriod.objects.filter(subscription=of).count()
    given = {
        "sequence": number,
        "index": number,
        "full_start_at": start,
        "full_end_at": end,
        **fields,
    }
    return SubscriptionPeriod.objects.create(
        account_id=of.account_id, subscription=of, start_at=start, end_at=end, **given
    )


def usage(of: Meter, at: datetime, quantity: str = "1", **fields: Any) -> NewEvent:
    """Make a checked event that is not stored."""
    made = NewEvent(
        event_id=fields.pop("event_id", f"event-{next(_numbers)}"),
        meter=MeterTraits.of(of),
        quantity=Decimal(quantity),
        quantity_text=quantity,
        occurred_at=at,
        **fields,
    )
    if of.unique_field:
        made.unique_value = unique_value_of(made)
    return made


def batch(of: Account | UUID, *events: NewEvent) -> AccountBatch:
    account_id = of if isinstance(of, UUID) else of.id
    return AccountBatch(account_id, list(events), LONG_AGO + timedelta(days=1))
