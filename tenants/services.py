"""Tenants: made, changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField
from django.db.models.functions import Cast

from billing.accounts import audit
from billing.kernel.decimals import format_decimal
from billing.kernel.erasure import NAMELESS
from billing.kernel.errors import TenantNotFound, invalid
from billing.kernel.ids import uuid7
from billing.kernel.money import Money, parse_amount
from billing.kernel.services import service
from billing.metering.timeline import lock_timeline_exclusive
from billing.models import Account, CreditGrant, LockedAccount, Subscription, TestClock
from tenants.cost_centers.telling import budgets_changed
from tenants.errors import CurrencyInUse
from tenants.models import CostCenter, Tenant
from tenants.tax_ids import normalised


@service
def create_tenant(
    *,
    name: str,
    currency: str,
    timezone: str,
    customer_id: UUID | None = None,
    test_clock_id: UUID | None = None,
    details: Mapping[str, Any],
    now: datetime,
) -> Tenant:
    """Make a tenant and its account under one id; `details` are the tenant's further fields.

    Raises InvalidRequest for a customer or test clock that is not there.
    """
    return add_tenant(
        name=name,
        currency=currency,
        timezone=timezone,
        customer_id=customer_id,
        test_clock_id=test_clock_id,
        details=details,
        now=now,
    )


def add_tenant(  # noqa: PLR0913  the fields of the request, by name
    *,
    account_id: UUID | None = None,
    name: str,
    currency: str,
    timezone: str = "UTC",
    customer_id: UUID | None = None,
    test_clock_id: UUID | None = None,
    details: Mapping[str, Any],
    now: datetime,
) -> Tenant:
    """Make a tenant within the caller's transaction. On a test clock, its time holds.

    `account_id` is given for a customer's default tenant, which is made with the customer.
    """
    test_clock = None
    if test_clock_id is not None:
        test_clock = TestClock.objects.select_for_update().filter(pk=test_clock_id).first()
        if test_clock is None:
            raise invalid("testClockId", "there is no such test clock")
        now = test_clock.reached_at
    if customer_id and customer_id != account_id:
        _lock_customer(customer_id)
    account = Account.objects.create(
        id=account_id or uuid7(),
        customer_id=customer_id,
        currency=currency,
        timezone=timezone,
        test_clock=test_clock,
        created_at=now,
    )
    tenant = Tenant.objects.create(account=account, name=name, created_at=now, **_tidy(details))
    audit.record(action="tenant.created", account_id=account.id, subject=account.id, now=now)
    return tenant


def _lock_customer(customer_id: UUID) -> None:
    """Lock the customer's account, so that it is not deleted meanwhile. Raises InvalidRequest."""
    try:
        account = Account.objects.lock(customer_id)
    except TenantNotFound:
        account = None
    if account is None or account.customer_id != customer_id:
        raise invalid("customerId", "there is no such customer")


def strip_tenant(account: LockedAccount) -> None:
    """Take what names a person out of a closed account's tenant. What was printed stays."""
    tenants = Tenant.objects.filter(account_id=account.id)
    tenants.update(name=NAMELESS, billing_email="", address=None, tax_id="", budget_minor=None)
    centers = CostCenter.objects.filter(account_id=account.id)
    centers.update(name=NAMELESS, description="", code=Cast("id", CharField()))


@service
def update_tenant(*, account_id: UUID, changes: Mapping[str, Any], now: datetime) -> Tenant:
    """Change what is given. The currency stays once anything refers to it.

    Raises CurrencyInUse, TenantNotFound.
    """
    account = Account.objects.lock(account_id)
    tenant = Tenant.objects.get(account_id=account.id)
    before = _state(tenant, account)
    wanted = _tidy(changes)
    if "budget_minor" not in wanted and tenant.budget_minor is not None:
        wanted["budget_minor"] = _budget_in(wanted.get("currency"), tenant.budget_minor, account)
    _change_budgets(wanted.get("currency"), account)
    _change_account(account, wanted)
    for field, value in wanted.items():
        setattr(tenant, field, value)
    tenant.account = account
    account.save(update_fields=["currency", "timezone"])
    tenant.save()
    budgets_changed(account.id)
    audit.record(
        action="tenant.updated",
        account_id=account.id,
        subject=account.id,
        before=before,
        after=_state(tenant, account),
        now=now,
    )
    return tenant


def _tidy(details: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a VAT id to its stored form."""
    tidied = dict(details)
    if tidied.get("tax_id"):
        tidied["tax_id"] = normalised(tidied["tax_id"])
    return tidied


def _change_account(account: LockedAccount, wanted: dict[str, Any]) -> None:
    currency = wanted.pop("currency", account.currency)
    if currency != account.currency:
        used = Subscription.objects.filter(account=account).exists()
        if used or CreditGrant.objects.filter(account=account).exists():
            raise CurrencyInUse(currency=account.currency)
        account.currency = currency
    timezone = wanted.pop("timezone", account.timezone)
    if timezone != account.timezone:
        account.timezone = timezone
        lock_timeline_exclusive(account.pk)  # quotas' windows are cut by it


def _change_budgets(currency: str | None, account: LockedAccount) -> None:
    """Keep the budgets of cost centers at their amounts. Raises InvalidRequest."""
    if currency is None or currency == account.currency:
        return
    for center in CostCenter.objects.filter(account_id=account.id, budget_minor__isnull=False):
        center.budget_minor = _budget_in(currency, center.budget_minor or 0, account)
        center.save(update_fields=["budget_minor"])


def _budget_in(currency: str | None, minor: int, account: Account) -> int:
    """Read a budget in the new currency: 1000.00 USD become 1000 JPY, and never 100000."""
    if currency is None or currency == account.currency:
        return minor
    amount = format_decimal(Money(minor, account.currency).major)
    try:
        return parse_amount(amount, currency).minor
    except ValueError as error:
        raise invalid("budget", f"{error} in {currency}: give it anew") from None


def _state(tenant: Tenant, account: Account) -> dict[str, Any]:
    budget = tenant.budget_minor
    return {
        "name": tenant.name,
        "currency": account.currency,
        "timezone": account.timezone,
        "taxId": tenant.tax_id,
        "address": tenant.address,
        "budget": None if budget is None else str(Money(budget, account.currency).amount),
    }
