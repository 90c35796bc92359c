"""Teams under callers at once: seats, ownership and memberships hold, and each is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.metering.record import record
from billing.models import Account, Subscription
from billing.stripe.null import NullGateway
from billing.subscriptions.services import create_subscription
from customers.models import Customer, CustomerDeletion, Membership, Role
from customers.services import creation, deletion, members
from tenants.services import create_tenant, update_tenant
from tests import factories
from tests.services.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 1, 15, tzinfo=UTC)
ROUNDS = 5


def ids_of(customer: Customer) -> list[UUID]:
    """Return the users of a team: the owner, the admins, the users."""
    rows = Membership.objects.filter(customer=customer).order_by("role", "id")
    return list(rows.values_list("user_id", flat=True))


def require_whole(customer: Customer) -> None:
    """Assert that a customer has one owner, and no user two memberships."""
    roles = list(Membership.objects.filter(customer=customer).values_list("role", flat=True))
    assert roles.count(Role.OWNER) == 1
    users = Membership.objects.values_list("user_id", flat=True)
    assert len(users) == len(set(users))


def test_of_twelve_adds_three_find_a_seat() -> None:
    customer = factories.customer(Role.ADMIN)
    factories.seats(customer, 5)
    actors = ids_of(customer)

    outcomes = at_once(
        [
            partial(
                members.add_member,
                customer_id=customer.pk,
                actor_id=actors[number % 2],
                user_id=uuid4(),
                role=Role.USER,
                now=NOW,
            )
            for number in range(12)
        ]
    )

    assert Counter(outcomes) == {"done": 3, "MEMBER_LIMIT_REACHED": 9}
    assert Membership.objects.filter(customer=customer).count() == 5
    require_whole(customer)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_two_transfers_one_happens(_round: int) -> None:
    customer = factories.customer(Role.ADMIN, Role.USER)
    owner, *others = ids_of(customer)

    outcomes = at_once(
        [
            partial(
                members.transfer_ownership,
                customer_id=customer.pk,
                actor_id=owner,
                user_id=user,
                now=NOW,
            )
            for user in others
        ]
    )

    assert Counter(outcomes) == {"done": 1, "FORBIDDEN": 1}
    require_whole(customer)
    assert ids_of(customer)[0] == others[outcomes.index("done")]


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_transfer_against_removal_and_leaving(_round: int) -> None:
    customer = factories.customer(Role.ADMIN, Role.USER)
    owner, admin, user = ids_of(customer)
    same = {"customer_id": customer.pk, "now": NOW}

    outcomes = at_once(
        [
            partial(members.transfer_ownership, actor_id=owner, user_id=user, **same),
            partial(members.remove_member, actor_id=admin, user_id=user, **same),
            partial(members.leave_customer, user_id=user, **same),
        ]
    )

    transfer, removal, leaving = outcomes
    assert transfer in {"done", "NOT_FOUND"}
    assert removal in ({"OWNER_STAYS"} if transfer == "done" else {"done", "NOT_FOUND"})
    assert leaving in ({"OWNER_STAYS"} if transfer == "done" else {"done", "NO_CUSTOMER"})
    require_whole(customer)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_user_that_two_customers_add_joins_one(_round: int) -> None:
    customers = [factories.customer() for _ in range(4)]
    user = uuid4()

    outcomes = at_once(
        [
            partial(
                members.add_member,
                customer_id=customer.pk,
                actor_id=ids_of(customer)[0],
                user_id=user,
                role=Role.USER,
                now=NOW,
            )
            for customer in customers
        ]
    )

    assert Counter(outcomes) == {"done": 1, "ALREADY_A_MEMBER": 3}
    assert Membership.objects.filter(user_id=user).count() == 1


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_user_that_makes_two_customers_and_is_added_to_one_has_one(_round: int) -> None:
    factories.default_plan()
    customer = factories.customer()
    user = uuid4()
    make = partial(
        creation.create_customer,
        user_id=user,
        email="a@b.example",
        name="A",
        address={},
        stripe=NullGateway(),
        now=NOW,
    )
    join = partial(
        members.add_member,
        customer_id=customer.pk,
        actor_id=ids_of(customer)[0],
        user_id=user,
        role=Role.USER,
        now=NOW,
    )

    outcomes = at_once([make, make, join])

    assert Counter(outcomes) == {"done": 1, "ALREADY_A_MEMBER": 2}
    assert Membership.objects.filter(user_id=user).count() == 1
    assert Account.objects.count() == Customer.objects.count()


REFUSED = {
    **dict.fromkeys(("add", "change", "remove", "leave", "transfer"), "NO_CUSTOMER"),
    "tenant": "INVALID_REQUEST",
    **dict.fromkeys(("update", "subscribe", "record"), "TENANT_NOT_FOUND"),
}


@pytest.mark.parametrize("write", REFUSED)
def test_a_deletion_against_every_write(write: str) -> None:
    customer = factories.customer(Role.ADMIN, Role.USER)
    delete = partial(
        deletion.delete_any_customer, customer_id=customer.pk, with_stripe=False, now=NOW
    )

    outcomes = at_once([delete, writes_of(customer)[write], delete])

    assert outcomes[0] == outcomes[2] == "done"
    assert outcomes[1] in {"done", REFUSED[write]}
    assert CustomerDeletion.objects.get().account_id == customer.pk
    assert Membership.objects.count() == 0
    assert not Account.objects.filter(closed_at__isnull=True).exists()
    assert not Subscription.objects.live().exists()


def writes_of(customer: Customer) -> dict[str, Callable[[], Any]]:
    owner, admin, user = ids_of(customer)
    version, meter = factories.plan_version(), factories.meter()
    team = {"customer_id": customer.pk, "now": NOW}
    return {
        "add": partial(members.add_member, actor_id=admin, user_id=uuid4(), role=Role.USER, **team),
        "change": partial(
            members.change_role, actor_id=owner, user_id=user, role=Role.ADMIN, **team
        ),
        "remove": partial(members.remove_member, actor_id=admin, user_id=user, **team),
        "leave": partial(members.leave_customer, user_id=user, **team),
        "transfer": partial(members.transfer_ownership, actor_id=owner, user_id=user, **team),
        "tenant": partial(
            create_tenant,
            name="B",
            currency="USD",
            timezone="UTC",
            customer_id=customer.pk,
            details={},
            now=NOW,
        ),
        "update": partial(
            update_tenant, account_id=customer.pk, changes={"name": "Other"}, now=NOW
        ),
        "subscribe": partial(
            create_subscription, account_id=customer.pk, plan_ref=str(version.pk), now=NOW
        ),
        "record": lambda: record([factories.batch(customer.pk, factories.usage(meter, NOW))]),
    }
