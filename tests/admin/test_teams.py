"""Staff place people and delete customers, by the services of the API and under their own name."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from billing.admin import formatting
from billing.kernel import clock
from billing.models import Account
from customers.models import Customer, CustomerDeletion, Membership, Role
from invoicing.models import Invoice
from invoicing.services import generate_invoice
from tests.admin.test_actions import act, entries, said
from tests.admin.test_pages import url
from tests.admin.world import World


@pytest.fixture
def customer(world: World) -> Customer:
    return Customer.objects.get(pk=world.tenant.pk)


def roles(customer: Customer) -> list[int]:
    rows = Membership.objects.filter(customer=customer).order_by("role")
    return list(rows.values_list("role", flat=True))


def user_with(customer: Customer, role: Role) -> UUID:
    return Membership.objects.get(customer=customer, role=role).user_id


def on_member(name: str, customer: Customer, user_id: object) -> str:
    return reverse(f"admin:customers_member_{name}", args=[customer.pk, user_id])


def test_a_member_is_added(staff: Client, customer: Customer) -> None:
    new = uuid4()

    done = act(staff, customer, "add_member", user=str(new), role="1")

    assert said(done) == [("success", f"{new} is in the team.")]
    assert Membership.objects.get(user_id=new).role == Role.ADMIN
    assert entries("member.added") == ["staff:ada"]


@pytest.mark.parametrize(
    "given",
    [
        {"user": "ada", "role": "1"},
        {"user": "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11", "role": "0"},
        {"user": "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11", "role": "7"},
        {"role": "2"},
        {},
    ],
)
def test_a_form_that_is_wrong_adds_nobody(
    staff: Client, customer: Customer, given: dict[str, str]
) -> None:
    asked = act(staff, customer, "add_member", **given)

    assert asked.status_code == 200
    assert "bo-error" in asked.content.decode()
    assert roles(customer) == [0, 1, 2]


def test_who_is_in_a_team_is_refused_with_the_reason(staff: Client, customer: Customer) -> None:
    taken = user_with(customer, Role.USER)

    done = act(staff, customer, "add_member", user=str(taken), role="1")

    assert said(done)[0][0] == "error"
    assert roles(customer) == [0, 1, 2]
    assert entries("member.added") == []


def test_a_role_is_changed(staff: Client, customer: Customer) -> None:
    user = user_with(customer, Role.USER)
    place = on_member("role", customer, user)

    question = staff.get(place)
    done = staff.post(place, {"role": "1"})

    assert f"{user} has the role User now." in question.content.decode()
    assert said(done) == [("success", f"{user} has the role Admin.")]
    assert roles(customer) == [0, 1, 1]
    assert entries("member.role_changed") == ["staff:ada"]


def test_a_member_is_removed(staff: Client, customer: Customer) -> None:
    user = user_with(customer, Role.ADMIN)
    place = on_member("remove", customer, user)

    before = staff.get(place)
    kept = roles(customer)
    done = staff.post(place)

    assert (before.status_code, kept) == (200, [0, 1, 2])
    assert said(done) == [("success", f"{user} is not in the team any more.")]
    assert roles(customer) == [0, 2]
    assert entries("member.removed") == ["staff:ada"]


@pytest.mark.parametrize(("name", "data"), [("remove", {}), ("role", {"role": "2"})])
def test_an_owner_stays(staff: Client, customer: Customer, name: str, data: dict[str, str]) -> None:
    done = staff.post(on_member(name, customer, user_with(customer, Role.OWNER)), data)

    assert said(done)[0][0] == "error"
    assert roles(customer) == [0, 1, 2]


def test_nobody_is_not_found(staff: Client, customer: Customer) -> None:
    assert staff.get(on_member("remove", customer, uuid4())).status_code == 404


def test_who_may_only_look_finds_no_button_and_is_refused(customer: Customer, db: None) -> None:
    reader = User.objects.create_user("bob", password="x", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_customer"))
    client = Client()
    client.force_login(reader)
    user = user_with(customer, Role.USER)

    page = client.get(url(Customer, "change", customer.pk)).content.decode()
    answers = [
        client.post(on_member("remove", customer, user)),
        client.post(on_member("role", customer, user), {"role": "1"}),
        act(client, customer, "add_member", user=str(uuid4()), role="1"),
        act(client, customer, "delete_customer"),
    ]

    assert "/member/" not in page
    assert "delete_customer" not in page
    assert {answer.status_code for answer in answers} <= {302, 403}
    assert roles(customer) == [0, 1, 2]
    assert not CustomerDeletion.objects.exists()


def told(response: Any) -> dict[str, int]:
    return {str(one.what): one.count for one in response.context["consequences"]}


def test_before_a_deletion_it_is_said_what_it_does(
    staff: Client, world: World, customer: Customer
) -> None:
    generate_invoice(account_id=world.tenant.pk, now=clock.now())
    final = Invoice.objects.filter(account_id=customer.pk, number__isnull=False).count()

    question = staff.get(f"{url(Customer, 'changelist')}{customer.pk}/delete_customer/")

    counts = told(question)
    log = counts.pop("Entries of the audit log")
    assert log > 0
    assert counts == {
        "Roles": 3,
        "Customers at Stripe": 0,
        "Tenants": 1,
        "Subscriptions": 1,
        "API keys of its tenants": 0,
        "Drafts of invoices": Invoice.objects.filter(status="DRAFT").count(),
        "Final invoices": final,
    }
    assert roles(customer) == [0, 1, 2]
    assert not CustomerDeletion.objects.exists()


def test_a_deletion_is_carried_through(staff: Client, customer: Customer) -> None:
    account, name = customer.pk, customer.name

    done = act(staff, customer, "delete_customer")

    assert done.url == url(Customer, "changelist")
    assert said(done) == [("success", f"{name} is being deleted.")]
    assert not Customer.objects.filter(pk=account).exists()
    assert CustomerDeletion.objects.get(pk=account).status == "DONE"
    assert Account.objects.get(pk=account).closed_at is not None
    assert entries("customer.deletion_requested") == ["staff:ada"]


def test_a_deletion_on_its_way_is_shown(staff: Client, customer: Customer) -> None:
    at = clock.now()
    Account.objects.filter(pk=customer.pk).update(closed_at=at)
    Membership.objects.filter(customer=customer).delete()
    CustomerDeletion.objects.create(
        account_id=customer.pk, status="PARKED", failure="Stripe is away", requested_at=at
    )

    page = staff.get(url(Customer, "change", customer.pk)).content.decode()

    assert formatting.status_label("PARKED") in page
    assert "Stripe is away" in page
    assert "add_member" not in page
    assert f"{customer.pk}/delete_customer/" in page
