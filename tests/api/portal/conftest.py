"""A customer with its team, each of whom calls surface A."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from billing.stripe.current import using
from customers.models import Customer, Membership, Role
from tests import factories
from tests.client import Api
from tests.fakes.stripe import FakeStripe


@dataclass
class Team:
    """An owner, two admins, two users, and staff."""

    customer: Customer
    ids: dict[str, UUID]

    def __getattr__(self, name: str) -> Api:
        """Return the caller with this name: owner, admin, admin2, user, user2."""
        return Api.on_portal(sub=self.ids[name])

    @property
    def staff(self) -> Api:
        return Api.on_portal("billing_admin")

    @property
    def id(self) -> UUID:
        found: UUID = self.customer.pk
        return found

    def roles(self) -> dict[str, str]:
        """Return who has which role now, by the names that we gave; others by their id."""
        names = {user: name for name, user in self.ids.items()}
        rows = Membership.objects.filter(customer_id=self.id)
        return {names.get(m.user_id, str(m.user_id)): Role(m.role).label for m in rows}


WHOLE = {"owner": "owner", "admin": "admin", "admin2": "admin", "user": "user", "user2": "user"}


def make_team() -> Team:
    customer = factories.customer(Role.ADMIN, Role.ADMIN, Role.USER, Role.USER)
    rows = Membership.objects.filter(customer=customer).order_by("role", "id")
    ids = {name: row.user_id for name, row in zip(WHOLE, rows, strict=True)}
    return Team(customer, ids)


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def outsider(db: None) -> Api:
    """A user without a membership."""
    return Api.on_portal()


@pytest.fixture
def default_tier(db: None) -> Any:
    return factories.default_plan(currency="EUR", price_minor=900)


@pytest.fixture
def stripe() -> Iterator[FakeStripe]:
    fake = FakeStripe()
    with using(fake):
        yield fake
