"""Deleting customers on surface A, as callers see it."""

from __future__ import annotations

from uuid import uuid4

from billing.models import Account
from customers.models import Customer, CustomerDeletion, Membership
from customers.services.deletion import confirm_stripe_deletion
from tests import factories
from tests.api.portal.conftest import Team
from tests.client import Api, error_of, json_of
from tests.fakes.stripe import FakeStripe
from tests.services.doomed import NOW


def test_the_owner_sees_it_done_where_there_is_no_stripe(team: Team) -> None:
    response = team.owner.delete("/customer")

    assert (response.status_code, response.content) == (204, b"")
    assert CustomerDeletion.objects.get().status == "DONE"
    assert (Customer.objects.count(), Membership.objects.count()) == (0, 0)
    for who in (team.owner, team.admin, team.user):
        assert error_of(who.get("/customer")) == (404, "NO_CUSTOMER")
    assert error_of(team.staff.delete(f"/admin/customer/{team.id}")) == (404, "NOT_FOUND")
    assert error_of(team.staff.get(f"/admin/customer/{team.id}/members")) == (404, "NOT_FOUND")


def test_who_had_a_role_may_begin_anew(team: Team) -> None:
    factories.default_plan()
    team.owner.delete("/customer")

    made = json_of(team.owner.post("/customer", {"email": "new@acme.example"}), 201)

    assert made["id"] != str(team.id)
    assert list(Customer.objects.values_list("email", flat=True)) == ["new@acme.example"]


def test_with_stripe_the_record_waits_for_its_word(team: Team, stripe: FakeStripe) -> None:
    Account.objects.filter(pk=team.id).update(stripe_customer_id="cus_1")
    path = f"/admin/customer/{team.id}"

    first = team.owner.delete("/customer")
    again = team.staff.delete(path)
    members = json_of(team.staff.get(f"{path}/members"))
    added = team.staff.post(f"{path}/member", {"userID": str(uuid4()), "role": "user"})
    confirm_stripe_deletion(stripe_customer_id="cus_1", now=NOW)

    assert (first.status_code, again.status_code) == (204, 204)
    assert members == {"members": [], "items": 0, "pages": 0}
    assert error_of(added) == (404, "NOT_FOUND")
    assert CustomerDeletion.objects.get().status == "ERASING"


def test_surface_b_knows_the_tenant_of_a_deleted_customer_no_more_for_writing(
    team: Team, admin: Api, service: Api
) -> None:
    team.owner.delete("/customer")
    tenant = f"/tenants/{team.id}"

    shown = json_of(admin.get(tenant))
    asked = (
        admin.patch(tenant, {"name": "Again"}),
        service.post(f"{tenant}/usage", {"metricType": "API_CALLS"}),
        admin.post(f"{tenant}/usage", {"metricType": "API_CALLS"}),
    )

    assert (shown["name"], shown["billingEmail"]) == ("Deleted", None)
    assert {error_of(response) for response in asked} == {(404, "TENANT_NOT_FOUND")}
