"""A small company to look at in the back office: plans, tenants, subscriptions, usage, invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import transaction

from alerts.looking import Sweeper
from alerts.services import AlertDraft, create_alert
from billing.catalog.drafts import ChargeDraft, LimitDraft, VersionDraft
from billing.catalog.services import create_plan
from billing.kernel import clock
from billing.metering.events import AccountBatch, MeterTraits, NewEvent
from billing.metering.record import record
from billing.models import Account, Meter, Plan, Subscription
from billing.pricing import ChargeModel, ChargeTerms, Tier
from billing.subscriptions.services import create_subscription
from customers.models import Customer, Membership, Role
from invoicing import mailing
from invoicing.collecting import record_payment
from invoicing.crediting import issue_credit_note
from invoicing.models import Invoice
from invoicing.parking import park_account
from invoicing.run import run_account
from tenants.models import Tenant
from tenants.services import create_tenant
from webhooks.handing_on import hand_on
from webhooks.models import WebhookDelivery
from webhooks.noting import note
from webhooks.posting import Answer
from webhooks.services import create_endpoint


@dataclass
class World:
    """What was made."""

    plan: Plan
    tenant: Tenant
    subscription: Subscription

    @property
    def invoices(self) -> list[Invoice]:
        return list(Invoice.objects.filter(account_id=self.tenant.pk).order_by("period_start"))


def make_plan(now: datetime, *, name: str = "Pro", price: str = "49.00") -> Plan:
    calls = ChargeDraft(
        metric_type="API_CALLS",
        description="API calls",
        terms=ChargeTerms(
            model=ChargeModel.GRADUATED,
            tiers=(
                Tier(up_to=Decimal(1000), unit_price=Decimal("0.02")),
                Tier(up_to=None, unit_price=Decimal("0.01"), flat_fee=Decimal("3.00")),
            ),
        ),
    )
    storage = ChargeDraft(
        metric_type="STORAGE_BYTES",
        terms=ChargeTerms(
            model=ChargeModel.PACKAGE,
            package_size=Decimal(1_000_000_000),
            package_price=Decimal("0.05"),
            minimum=Decimal("1.00"),
        ),
    )
    version = create_plan(
        code=f"{name.lower()}-{uuid4().hex[:6]}",
        details={"name": name, "description": "For teams"},
        prices=VersionDraft(
            currency="USD", interval="MONTH", price=Decimal(price), charges=(calls, storage)
        ),
        limits=[LimitDraft(service_name="api", feature_key="calls", value=1000, window="minute")],
        now=now,
    )
    return version.plan


def make_tenant(now: datetime, *, name: str = "Acme & Söhne") -> Tenant:
    return create_tenant(
        name=name,
        currency="USD",
        timezone="UTC",
        details={
            "billing_email": "ap@acme.example",
            "address": {"line1": "Main Street 1", "city": "Berlin", "country": "DE"},
        },
        now=now,
    )


def subscribe(tenant: Tenant, plan: Plan, *, since: datetime, now: datetime) -> Subscription:
    made = create_subscription(account_id=tenant.pk, plan_ref=plan.code, start_at=since, now=now)
    run_account(account_id=tenant.pk, now=now)
    return made


def make_world(now: datetime) -> World:
    """Make a tenant with two finalized invoices and a draft of the month that ended just now."""
    plan = make_plan(now)
    tenant = make_tenant(now)
    since = now - timedelta(days=80)
    return World(plan, tenant, subscribe(tenant, plan, since=since, now=now))


def collect(world: World, now: datetime) -> None:
    """Let a payment, a credit note, mails and a parked account be there to look at."""
    paid = world.invoices[1]
    ids: dict[str, Any] = {"account_id": world.tenant.pk, "invoice_id": paid.pk}
    record_payment(**ids, amount="40.00", reference="SEPA 0815", now=now)
    issue_credit_note(**ids, amount="5.00", reason="An hour of downtime", now=now)
    with transaction.atomic():
        account = Account.objects.lock(world.tenant.pk)
        mailing.write(account, paid, template="due_soon", about="a reminder", now=now)
    watch(world, now)
    other = make_tenant(now, name="Parked Ltd")
    park_account(account_id=other.pk, error=RuntimeError("no luck"), now=now)


def watch(world: World, now: datetime) -> None:
    """Let a webhook be told of a bill, and fail, and an alert be there."""
    made = create_endpoint(
        account_id=world.tenant.pk, url="https://hooks.acme.example/billing", now=now
    )
    hand_on(now=now)
    for row in WebhookDelivery.objects.filter(endpoint=made).order_by("event__number")[:3]:
        note(delivery_id=row.pk, answer=Answer(status=503, failure="answered 503"), now=now)
    draft = AlertDraft(threshold_type="ABSOLUTE", threshold="10.00")
    create_alert(account_id=world.tenant.pk, draft=draft, now=now)
    Sweeper().sweep(read_clock=clock.now)


@transaction.atomic  # a customer has an owner at every commit
def make_customer(tenant: Tenant, now: datetime) -> Customer:
    with transaction.atomic():  # a customer has an owner at the commit
        Account.objects.filter(pk=tenant.pk).update(customer_id=tenant.pk)
        customer = Customer.objects.create(
            account_id=tenant.pk, name=tenant.name, email="ap@acme.example", created_at=now
        )
        for role in (Role.OWNER, Role.ADMIN, Role.USER):
            Membership.objects.create(customer=customer, user_id=uuid4(), role=role, created_at=now)
    return customer


def use(tenant: Tenant, metric_type: str, events: int) -> None:
    """Record events, each a minute before the other: `<meter>-0` is the newest."""
    now = clock.now()
    meter = MeterTraits.of(Meter.objects.get(metric_type=metric_type))
    made = [
        NewEvent(
            event_id=f"{metric_type}-{number}",
            meter=meter,
            quantity=1,
            quantity_text="1",
            occurred_at=now - timedelta(minutes=number),
        )
        for number in range(events)
    ]
    record([AccountBatch(account_id=tenant.pk, events=made, recorded_at=now)])
