"""A customer on a tier, its people, and who speaks for it: rows written directly."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpResponse

from billing.models import Account, Plan, PlanLimit, Subscription, TestClock
from customers.models import Customer, Membership
from tests import factories
from tests.client import Api

BASE = "/api/billing/v1"
NOON = datetime(2025, 6, 10, 12, 0, 30, tzinfo=UTC)
DEFAULT = (
    ("search-api", "lookups", 200, "month"),
    ("search-api", "exports", 0, "day"),
    ("ai-api", "tokens", -1, "month"),
    ("storage", "projects", 3, ""),
    ("storage", "buckets", -1, ""),
    ("storage", "vaults", 0, ""),
    ("billing", "members", 5, ""),
)
_numbers = count(1)


def tier(*limits: tuple[str, str, int, str], name: str = "Pro") -> Plan:
    """Make a plan with these limits: (service, feature, value, window)."""
    version = factories.plan_version()
    Plan.objects.filter(pk=version.plan_id).update(name=name)
    plan = Plan.objects.get(pk=version.plan_id)
    for one in limits:
        add_limit(plan, *one)
    return plan


def add_limit(plan: Plan, service: str, feature: str, value: int, window: str = "") -> PlanLimit:
    return PlanLimit.objects.create(
        plan=plan,
        service_name=service,
        feature_key=feature,
        value=value,
        window=window,
        description=f"{feature} of {service}",
    )


@dataclass
class Team:
    """A customer with its people by role, and the API as each of them sees it."""

    account: Account
    plan: Plan
    subscription: Subscription | None
    people: dict[str, UUID] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.account.pk)

    def get(self, path: str, role: str = "user") -> HttpResponse:
        return Api.of(sub=self.people[role]).get(path, base=BASE)


def team(
    *limits: tuple[str, str, int, str], at: datetime | None = None, subscribed: bool = True
) -> Team:
    """Make a customer of three on a tier of its own; `at`: on a test clock that stands there."""
    clock: TestClock | None = None if at is None else factories.clock(at)
    account = factories.account(clock=clock)
    Account.objects.filter(pk=account.pk).update(customer_id=account.pk)
    account.refresh_from_db()
    plan = tier(*(limits or DEFAULT))
    version = plan.versions.get()
    live = factories.subscription(account, version, factories.LONG_AGO) if subscribed else None
    made = Team(account, plan, live)
    settle(made)
    return made


@transaction.atomic  # a customer has an owner at every commit
def settle(team: Team) -> None:
    """Make the customer, and one of each role."""
    customer = Customer.objects.create(
        account=team.account, name="Acme", email="a@acme.example", created_at=factories.LONG_AGO
    )
    for role, name in enumerate(("owner", "teamadmin", "user")):
        team.people[name] = uuid4()
        Membership.objects.create(
            customer=customer,
            user_id=team.people[name],
            role=role,
            created_at=factories.LONG_AGO,
        )


def address() -> str:
    """Return an IPv4 address that no other test counts: Valkey is shared by all of them."""
    number = uuid4().int
    return f"10.{number % 256}.{number // 256 % 256}.{next(_numbers) % 256}"


def consume(api: Api, body: dict[str, Any], **headers: str) -> HttpResponse:
    return api.post("/limits/consume", body, base=BASE, **headers)
