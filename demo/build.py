"""Building the demo: plans, customers with teams, their usage, subscriptions and invoices.

By the same services as the API, in an order that can be broken off and taken up again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from billing.accounts import audit
from billing.catalog.services import create_meter, create_plan
from billing.kernel.money import Money
from billing.kernel.services import service
from billing.models import Account, Meter, Plan, Subscription
from billing.subscriptions.services import create_subscription
from customers.models import Customer, Membership, Role
from demo import limits
from demo.customers import CUSTOMERS, DemoCustomer
from demo.plans import METERS, PLANS
from demo.usage import record_usage
from invoicing.collecting import record_payment
from invoicing.models import OPEN, Invoice
from invoicing.run import run_account
from tenants.services import add_tenant

Say = Callable[[str], None]
DAY: Final = timedelta(days=1)
MORNING: Final = timedelta(hours=6)
"""When the demo's days have their run: after the grace of whatever ended at midnight."""
PAID_AFTER: Final = timedelta(days=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What there is now."""

    is_new: bool
    events: int
    invoices: int


def build(*, say: Say, now: datetime) -> Built:
    """Build what is missing of the demo; `say` is told each step. `now` is where its months end."""
    if _is_there():
        return Built(is_new=False, events=0, invoices=0)
    _meters(now=now)
    _plans(now=now)
    say(f"Plans: {', '.join(plan.name for plan in PLANS)}.")
    starts = {wanted: midnight(now - timedelta(days=wanted.days)) for wanted in CUSTOMERS}
    accounts = {wanted: _customer(wanted, start=starts[wanted]) for wanted in CUSTOMERS}
    # Usage before subscriptions: a worker that runs meanwhile has nothing to bill too early.
    events = 0
    for wanted, account_id in accounts.items():
        recorded = record_usage(account_id, wanted, start=starts[wanted], now=now)
        events += recorded
        say(f"{wanted.name}: {recorded:,} events since {starts[wanted]:%Y-%m-%d}.")
    _live_through(accounts, starts, now=now)
    limits.limit(accounts.items(), now=now)
    invoices = Invoice.objects.filter(account_id__in=accounts.values()).count()
    return Built(is_new=True, events=events, invoices=invoices)


def midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _live_through(
    accounts: Mapping[DemoCustomer, UUID], starts: Mapping[DemoCustomer, datetime], *, now: datetime
) -> None:
    """Let the days pass as they did, for all together: invoices are dated and numbered in order."""
    today = min(starts.values()) + MORNING
    while today <= now:
        for wanted, account_id in accounts.items():
            if starts[wanted] <= today:
                _subscribe(account_id, wanted, start=starts[wanted], now=today)
                run_account(account_id=account_id, now=today)
                _pay(account_id, now=today)
        today += DAY
    for account_id in accounts.values():
        run_account(account_id=account_id, now=now)


def _pay(account_id: UUID, *, now: datetime) -> None:
    """Let the customer pay by bank transfer, some days after the invoice came."""
    open_ones = Invoice.objects.filter(
        account_id=account_id, status__in=OPEN, finalized_at__lte=now - PAID_AFTER
    )
    for invoice in open_ones.order_by("finalized_at"):
        record_payment(
            account_id=account_id,
            invoice_id=invoice.pk,
            amount=Money(invoice.amount_due_minor, invoice.currency).amount,
            reference=f"Transfer {invoice.number}",
            now=now,
        )


def _is_there() -> bool:
    emails = [wanted.email for wanted in CUSTOMERS]
    made = Subscription.objects.filter(account__as_customer__email__in=emails)
    return made.values("account_id").distinct().count() == len(CUSTOMERS)


def _meters(*, now: datetime) -> None:
    for metric_type, name in METERS:
        if not Meter.objects.filter(metric_type=metric_type).exists():
            create_meter(
                metric_type=metric_type, name=name, unit="token", aggregation="SUM", now=now
            )


def _plans(*, now: datetime) -> None:
    has_default = Plan.objects.filter(is_default=True).exists()
    for place, plan in enumerate(PLANS):
        if Plan.objects.filter(code=plan.code).exists():
            continue
        create_plan(
            code=plan.code,
            details={
                "name": plan.name,
                "description": plan.description,
                "is_default": plan.is_default and not has_default,
                "sort_order": place,
            },
            prices=plan.prices,
            limits=plan.limits,
            now=now,
        )


def _customer(wanted: DemoCustomer, *, start: datetime) -> UUID:
    """Return the customer's account, made where it is not there yet."""
    found = Customer.objects.filter(email=wanted.email).first()
    return found.pk if found else _make_customer(wanted, start=start)


@service
def _make_customer(wanted: DemoCustomer, *, start: datetime) -> UUID:
    """Make a customer, its default tenant under the same id, and its team."""
    tenant = add_tenant(
        name=wanted.name,
        currency="USD",
        timezone=wanted.timezone,
        details={"billing_email": wanted.email, "address": wanted.address},
        now=start,
    )
    account_id: UUID = tenant.account_id
    Account.objects.filter(pk=account_id).update(customer_id=account_id)
    customer = Customer.objects.create(
        account_id=account_id, name=wanted.name, email=wanted.email, created_at=start
    )
    roles = [Role.OWNER, Role.ADMIN, *[Role.USER] * wanted.team][: wanted.team]
    Membership.objects.bulk_create(
        Membership(customer=customer, user_id=uuid4(), role=role, created_at=start)
        for role in roles
    )
    audit.record(action="customer.created", account_id=account_id, subject=account_id, now=start)
    return account_id


def _subscribe(account_id: UUID, wanted: DemoCustomer, *, start: datetime, now: datetime) -> None:
    if not Subscription.objects.filter(account_id=account_id).exists():
        create_subscription(
            account_id=account_id, plan_ref=wanted.plan, start_at=start, timezone="UTC", now=now
        )
