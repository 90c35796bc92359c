"""A customer with all that a deletion has to think of: two tenants, usage, invoices, keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from billing.accounts import audit, keys
from billing.kernel import context
from billing.metering.models import (
    UsageBucket,
    UsageBucketValue,
    UsageCounter,
    UsageCounterValue,
    UsageEvent,
)
from billing.metering.record import record
from billing.metering.verify import verify
from billing.models import Account, ApiKey, AuditEntry, Meter, TestClock
from billing.subscriptions.services import create_subscription
from customers.models import Customer, CustomerCreation, CustomerDeletion, Membership, Role
from customers.services import deletion
from invoicing.models import Invoice, InvoiceDocument
from invoicing.run import run_account
from invoicing.services import generate_invoice
from tenants.models import Tenant
from tenants.services import create_tenant
from tests import factories

START = datetime(2025, 12, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 15, tzinfo=UTC)
OWNER_NAME = "bob@acme.example"


@dataclass
class Doomed:
    """The customer, and its two accounts: its own and another tenant's."""

    customer: Customer
    accounts: list[Account]
    meters: dict[str, Meter]

    @property
    def id(self) -> UUID:
        found: UUID = self.customer.pk
        return found

    def delete(self, *, with_stripe: bool = False) -> None:
        deletion.delete_any_customer(customer_id=self.id, with_stripe=with_stripe, now=NOW)

    def counted(self) -> dict[str, Any]:
        """Return what each charge counts, and how many distinct users there are."""
        rows = UsageCounter.objects.filter(account_id__in=[a.pk for a in self.accounts])
        return {
            str((row.period_id, row.charge_id)): (row.total, row.events, row.distinct_values)
            for row in rows
        }

    def disagreements(self) -> list[str]:
        return [line for account in self.accounts for line in verify(account.pk)]


def make(*, clock: TestClock | None = None, stripe_id: str = "") -> Doomed:
    """Make it: an invoice of December final, one of January a draft."""
    version = factories.plan_version(price_minor=1000)
    meters = _meters(version)
    own = _tenant(version, clock)
    Account.objects.filter(pk=own.pk).update(stripe_customer_id=stripe_id)
    customer = factories.customer(Role.ADMIN, Role.USER, of=own)
    other = _tenant(version, clock, customer_id=own.pk)
    for account in (own, other):
        _use(account, meters)
        run_account(account_id=account.pk, now=NOW)
        draft = generate_invoice(account_id=account.pk, now=NOW)
        InvoiceDocument.objects.create(
            account=account,
            invoice=draft,
            fingerprint="draft",
            content=b"Bob's draft",
            created_at=NOW,
        )
    keys.create_api_key(account_id=own.pk, name="Bob's key", scopes=["usage:write"], now=NOW)
    _audit(own, Membership.objects.filter(customer=customer).latest("id").user_id)
    customer.refresh_from_db()
    return Doomed(customer, [own, other], meters)


def _meters(version: Any) -> dict[str, Meter]:
    """Meters whose distinct values are users, resources and a property of the metadata."""
    meters = {
        "sum": factories.meter("SUM"),
        "userId": factories.meter("UNIQUE"),
        "resourceId": factories.meter("UNIQUE", unique_field="resourceId"),
        "seat": factories.meter("UNIQUE", unique_field="seat"),
    }
    factories.charge(version, meters["sum"], filter={"model": "gpt"})
    factories.charge(version, meters["sum"])
    for name in ("userId", "resourceId"):
        factories.charge(version, meters[name])
    factories.charge(version, meters["seat"], filter={"seat": "spare"})
    factories.charge(version, meters["seat"])
    return meters


def _tenant(version: Any, clock: TestClock | None, customer_id: UUID | None = None) -> Account:
    made = create_tenant(
        name="Bob's Tenant",
        currency="USD",
        timezone="UTC",
        customer_id=customer_id,
        test_clock_id=clock.pk if clock else None,
        details={
            "billing_email": OWNER_NAME,
            "address": {"line1": "Bob Street 1", "country": "DE"},
            "tax_id": "DE-BOB",
            "budget_minor": 100,
        },
        now=START,
    )
    create_subscription(account_id=made.pk, plan_ref=str(version.pk), start_at=START, now=START)
    return Account.objects.get(pk=made.pk)


def _use(account: Account, meters: dict[str, Meter]) -> None:
    events = []
    for number in range(22):
        at = START + timedelta(days=number * 2, hours=number)
        person = f"bob{number % 5}@acme.example"
        model = "gpt" if number % 2 else f"of {person}"
        events += [
            factories.usage(
                meters["sum"],
                at,
                user_id=person,
                **noted({"model": model, "email": person, "ratio": 0.1}),
            ),
            factories.usage(meters["userId"], at, user_id=person),
            factories.usage(meters["resourceId"], at, resource_id=person),
            factories.usage(
                meters["seat"], at, **noted({"seat": "spare" if number % 3 else person, "x": 1})
            ),
            factories.usage(meters["seat"], at, **noted({"seat": number % 4})),
        ]
    record([factories.batch(account, *events)])


def noted(metadata: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": metadata, "metadata_json": json.dumps(metadata)}


def _audit(account: Account, user: UUID) -> None:
    with context.acting_as(f"user:{user}"):
        audit.record(
            action="member.added",
            account_id=account.pk,
            subject=user,
            before={"name": "Bob"},
            after={"name": "Bob"},
            now=NOW,
        )


def everything() -> str:
    """Return all rows of the tables that may name a person as one text, but for final invoices."""
    models = (
        Account, ApiKey, AuditEntry, Tenant, Customer, CustomerCreation, CustomerDeletion,
        Membership, UsageEvent, UsageBucket, UsageBucketValue, UsageCounterValue,
    )  # fmt: skip
    rows = [list(model._default_manager.values()) for model in models]
    drafts = Invoice.objects.filter(number__isnull=True)
    rows.append(list(drafts.values()))
    rows.append(list(InvoiceDocument.objects.filter(invoice__in=drafts).values()))
    return str(rows)
