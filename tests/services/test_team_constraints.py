"""What the database refuses of teams, whoever writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from customers.models import Customer, Membership, Role
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def second_owner(team: Customer) -> None:
    factories.member(team, Role.OWNER)


def second_membership(team: Customer) -> None:
    user = Membership.objects.get(customer=team, role=Role.USER).user_id
    other = factories.customer()
    Membership.objects.create(
        customer=other, user_id=user, role=Role.USER, created_at=factories.LONG_AGO
    )


def owner_removed(team: Customer) -> None:
    Membership.objects.filter(customer=team, role=Role.OWNER).delete()


def owner_demoted(team: Customer) -> None:
    Membership.objects.filter(customer=team, role=Role.OWNER).update(role=Role.ADMIN)


def owner_moved(team: Customer) -> None:
    other = factories.customer()
    Membership.objects.filter(customer=other).delete()
    Membership.objects.filter(customer=team, role=Role.OWNER).update(customer=other)


def customer_without_owner(team: Customer) -> None:
    Customer.objects.create(
        account=factories.account(), name="B", email="b@b.example", created_at=factories.LONG_AGO
    )


def fourth_role(team: Customer) -> None:
    Membership.objects.filter(customer=team, role=Role.USER).update(role=3)


REFUSED: dict[Callable[[Customer], None], str] = {
    second_owner: "customer_one_owner",
    second_membership: "membership_once_per_user",
    owner_removed: "customer_has_an_owner",
    owner_demoted: "customer_has_an_owner",
    owner_moved: "customer_has_an_owner",
    customer_without_owner: "customer_has_an_owner",
    fourth_role: "membership_role",
}


@pytest.mark.parametrize("write", REFUSED, ids=lambda write: write.__name__)
def test_the_database_refuses(write: Any) -> None:
    team = factories.customer(Role.ADMIN, Role.USER)
    before = list(Membership.objects.order_by("pk").values())

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        write(team)

    diagnosis = refused.value.__cause__.diag  # type: ignore[union-attr]
    assert diagnosis.constraint_name == REFUSED[write]
    assert list(Membership.objects.order_by("pk").values()) == before


def test_within_a_transaction_a_team_may_be_without_an_owner() -> None:
    team = factories.customer(Role.ADMIN)

    with transaction.atomic():
        owner_demoted(team)
        Membership.objects.filter(pk=Membership.objects.latest("id").pk).update(role=Role.OWNER)

    assert Membership.objects.filter(customer=team, role=Role.OWNER).count() == 1


def test_a_customer_goes_with_its_team() -> None:
    team = factories.customer(Role.ADMIN)

    with transaction.atomic():
        team.delete()

    assert Membership.objects.count() == 0


def test_the_trigger_waits_for_the_commit() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgname = 'customer_has_an_owner' "
            "AND tgdeferrable AND tginitdeferred"
        )
        (found,) = cursor.fetchone()

    assert found == 2
