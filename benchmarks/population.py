"""Thousands of accounts that are alike, for one benchmark: copies of one that was made for it.

The one is made through the services, so its rows are what the system writes; the others are the
same rows under other ids, by one INSERT … SELECT for each table, whatever columns it has.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from django.db import connection

from billing.catalog.models import Charge, Meter, Plan, PlanVersion
from billing.metering.events import AccountBatch, MeterTraits, NewEvent
from billing.metering.record import record
from billing.subscriptions.services import create_subscription
from tenants.services import create_tenant

METRICS: Final = ("API_CALLS", "COMPUTE_SECONDS", "STORAGE_BYTES")
EVENTS_A_CHARGE: Final = 4
OWN_KEY: Final = "id"
IDS: Final = {
    "billing_account": ("id",),
    "tenants_tenant": ("account_id",),
    "billing_subscription": ("id", "account_id"),
    "billing_subscriptionperiod": ("id", "account_id", "subscription_id"),
    "billing_segment": ("account_id", "subscription_id"),
    "billing_feeitem": ("account_id", "subscription_id", "period_id"),
    "billing_invoicedue": ("account_id", "period_id"),
    "billing_usagetimeline": ("account_id",),
    "billing_usageevent": ("account_id",),
    "billing_usagebucket": ("account_id", "period_id"),
    "billing_usagecounter": ("account_id", "period_id"),
}
"""The tables of an account in an order that their references allow, and what each copy has of its
own in them."""
NUMBERED: Final = frozenset(
    {"billing_segment", "billing_feeitem", "billing_invoicedue", "billing_usagebucket"}
)
"""Those whose own id is a number."""

# LATERAL, not `(f(…)).*`: that calls the function once for each column.
COPY: Final = """
INSERT INTO {table} SELECT made.*
FROM {table} one, generate_series(1, %s) AS number,
    LATERAL jsonb_populate_record(NULL::{table}, to_jsonb(one) || {changed}) AS made
WHERE one.{owner} = %s
"""
CHANGED_ID: Final = "'{column}', md5(one.{column}::text || ':' || number)::uuid"
CHANGED_NUMBER: Final = "'id', nextval(pg_get_serial_sequence('{table}', 'id'))"


def populate(count: int, *, start: datetime) -> float:
    """Make so many accounts, each with a subscription since `start` and a month's usage.

    Return how long it took. The plan has three charges and is paid in arrears.
    """
    began = time.perf_counter()
    one = _first(start)
    with connection.cursor() as cursor:
        for table, columns in IDS.items():
            owner = "id" if table == "billing_account" else "account_id"
            parts = [CHANGED_ID.format(column=column) for column in columns]
            parts += [CHANGED_NUMBER.format(table=table)] if table in NUMBERED else []
            changed = f"jsonb_build_object({', '.join(parts)})"
            cursor.execute(COPY.format(table=table, changed=changed, owner=owner), [count - 1, one])
        cursor.execute("VACUUM ANALYZE")  # as autovacuum leaves it
    return time.perf_counter() - began


def _first(start: datetime) -> UUID:
    meters = {name: Meter.objects.get(metric_type=name) for name in METRICS}
    version = _plan(meters, start)
    tenant = create_tenant(name="Bench", currency="USD", timezone="UTC", details={}, now=start)
    account_id: UUID = tenant.account_id
    create_subscription(account_id=account_id, plan_ref=str(version.pk), now=start)
    events = [
        NewEvent(
            event_id=f"{name}-{number}",
            meter=MeterTraits.of(meter),
            quantity=Decimal(1000 + number),
            quantity_text=str(1000 + number),
            occurred_at=start + timedelta(days=1 + number),
        )
        for name, meter in meters.items()
        for number in range(EVENTS_A_CHARGE)
    ]
    record([AccountBatch(account_id, events, start + timedelta(days=20))])
    return account_id


def _plan(meters: dict[str, Meter], start: datetime) -> PlanVersion:
    code = f"bench-{uuid4().hex[:12]}"
    plan = Plan.objects.create(code=code, name="Bench", created_at=start)
    version = PlanVersion.objects.create(
        plan=plan, version=1, currency="USD", interval="MONTH", price_minor=3000, created_at=start
    )
    tiers = [
        {"upTo": "1000", "unitPrice": "0.02", "flatFee": None},
        {"upTo": None, "unitPrice": "0.01", "flatFee": "3"},
    ]
    for position, meter in enumerate(meters.values()):
        Charge.objects.create(
            plan_version=version, position=position, meter=meter, model="GRADUATED", tiers=tiers
        )
    return version
