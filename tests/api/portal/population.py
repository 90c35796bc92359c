"""Customers in every state that there is, written directly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from billing.models import Account, Plan, PlanVersion, Subscription
from customers.models import Customer, Membership
from tests import factories

PORTAL = "/api/billing/v1"
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def tier(name: str, **fields: Any) -> PlanVersion:
    """Make a plan with one version, and return the version."""
    version = factories.plan_version()
    Plan.objects.filter(pk=version.plan_id).update(name=name, **fields)
    version.plan.refresh_from_db()
    return version


def customer(*, members: int = 1, at: datetime = DAY, name: str = "Acme") -> Customer:
    """Make a customer with its default tenant: the first member is the owner.

    Without members it is orphaned, as one is whose deletion is on the way: its account is closed.
    """
    account = factories.account()
    closed_at = None if members else at
    Account.objects.filter(pk=account.pk).update(customer_id=account.pk, closed_at=closed_at)
    made = Customer.objects.create(
        account=account, name=name, email="a@acme.example", created_at=at
    )
    for number in range(members):
        Membership.objects.create(
            customer=made, user_id=uuid4(), role=min(number, 2), created_at=at
        )
    return made


def subscribe(
    of: Customer, version: PlanVersion, status: str = "ACTIVE", *, day: int = 0, **fields: Any
) -> Subscription:
    """Put the default tenant on a tier, so many days after all began."""
    start = DAY + timedelta(days=day)
    ended = start if status == "CANCELLED" else None
    return factories.subscription(
        of.account, version, start, status=status, ended_at=ended, **fields
    )


def another_tenant(of: Customer, version: PlanVersion) -> None:
    """Give the customer one more tenant, with an active subscription of its own."""
    more = factories.account(customer=of.account)
    factories.subscription(more, version, DAY)
