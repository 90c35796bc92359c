"""Customers on surface A: made with all that is theirs, shown, and refused."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.models import Account, AuditEntry, Plan, Subscription, TrialUse
from customers.models import CreationStatus, Customer, CustomerCreation, Membership
from tenants.models import Tenant
from tests import factories
from tests.api.portal.conftest import Team
from tests.client import Api, error_of, fields_of, json_of
from tests.fakes.stripe import FakeStripe, Mood

ACME: dict[str, Any] = {
    "email": "ap@acme.example",
    "name": "Acme",
    "billingAddress": {
        "street": "Torstraße 1",
        "city": "Berlin",
        "state": "BE",
        "postalCode": "10119",
        "country": "DE",
    },
}
TABLES = (Account, Tenant, Customer, Membership, Subscription, CustomerCreation, AuditEntry)


def counts() -> list[int]:
    return [table._default_manager.count() for table in TABLES]


def test_a_customer_is_made_with_all_that_is_its_own(default_tier: Any) -> None:
    user = uuid4()

    made = json_of(Api.on_portal(sub=user).post("/customer", ACME), 201)

    assert made == {"id": made["id"], "email": "ap@acme.example", "name": "Acme", "gcid": None}
    account = Account.objects.get(pk=made["id"])
    assert (account.customer_id, account.currency) == (account.pk, "EUR")
    tenant = Tenant.objects.get(pk=account.pk)
    assert (tenant.name, tenant.billing_email) == ("Acme", "ap@acme.example")
    assert tenant.address == {
        "line1": "Torstraße 1",
        "city": "Berlin",
        "state": "BE",
        "postalCode": "10119",
        "country": "DE",
    }
    assert list(Membership.objects.values_list("customer_id", "user_id", "role")) == [
        (account.pk, user, 0)
    ]
    subscription = Subscription.objects.get(account=account)
    assert (subscription.plan_version_id, subscription.status) == (default_tier.pk, "ACTIVE")
    creation = CustomerCreation.objects.get()
    assert (creation.status, creation.asked, creation.wanted, creation.due_at) == (
        CreationStatus.DONE,
        {},
        {},
        None,
    )


def test_the_customer_is_shown_to_its_every_member(team: Team) -> None:
    seen = [json_of(getattr(team, who).get("/customer")) for who in ("owner", "admin", "user")]

    expected = {"id": str(team.id), "email": "ap@acme.example", "name": "Acme", "gcid": None}
    assert seen == [expected] * 3


def test_the_name_falls_back_to_the_email(default_tier: Any, outsider: Api) -> None:
    made = json_of(outsider.post("/customer", {"email": "ap@acme.example", "name": None}), 201)

    assert made["name"] == "ap@acme.example"
    assert Tenant.objects.get(pk=made["id"]).address is None


def test_whoever_belongs_to_a_customer_makes_none(default_tier: Any, team: Team) -> None:
    before = counts()

    asked = [getattr(team, who).post("/customer", ACME) for who in ("owner", "admin", "user")]

    assert {error_of(response) for response in asked} == {(400, "ALREADY_A_MEMBER")}
    assert counts() == before


def test_without_a_default_tier_the_answer_names_it_and_nothing_is_begun(outsider: Api) -> None:
    before = counts()

    response = outsider.post("/customer", ACME)

    assert error_of(response) == (500, "NO_DEFAULT_TIER")
    assert "default tier" in json.loads(response.content)["error"]["message"]
    assert counts() == before


def test_a_service_key_is_no_person(default_tier: Any, tenant: dict[str, Any]) -> None:
    from billing.accounts import keys
    from billing.kernel import clock

    key, secret = keys.create_api_key(
        account_id=UUID(tenant["id"]), scopes=["admin"], now=clock.now()
    )
    caller = Api({"api-key": key.key, "api-secret": secret}, "/api/billing/v1")

    assert error_of(caller.post("/customer", ACME)) == (403, "FORBIDDEN")


NO_EMAILS = ["", "acme", "a@", "@a.example", "a b@c.example", "a@b@c.example", "a@-b.example",
    "a@b..example", "a@b", "a@localhost", "a@b.example.", "a@b-.example", "a@b.-c", "a@b.17",
    ".a@b.example", "a.@b.example", "a..a@b.example", "a@" + "b" * 64 + ".example",
    "x" * 65 + "@b.example", "a\u2028@b.example", "a\u200b@b.example", "a@b_c.example",
    "a@[127.0.0.1]", "a@b.example\nBcc: c@d.example", "a\r\n@b.example", "x" * 300 + "@b.example",
    7, None, True, [], {}]  # fmt: skip


@pytest.mark.parametrize("email", NO_EMAILS, ids=repr)
def test_what_is_no_email_is_refused(outsider: Api, default_tier: Any, email: Any) -> None:
    assert fields_of(outsider.post("/customer", {**ACME, "email": email})) == ["email"]
    assert Customer.objects.count() == 0


@pytest.mark.parametrize(
    "email",
    ["a@b.co", "ap+invoices@acme.co.uk", "o'hara@x-y.example", "ü.ber@acme.example",
     "x" * 64 + "@acme.example", "a@xn--bcher-kva.example", "a@17.example"],
)  # fmt: skip
def test_what_is_an_email_is_taken(default_tier: Any, email: str) -> None:
    made = json_of(Api.on_portal(sub=uuid4()).post("/customer", {**ACME, "email": email}), 201)

    assert made["email"] == email


@pytest.mark.parametrize(
    "country", ["DEU", "de", "XX", "ZZ", "EU", "UK", "D", "", "Germany", 7, [], "ＤＥ"]
)
def test_what_is_no_country_is_refused(outsider: Api, default_tier: Any, country: Any) -> None:
    response = outsider.post("/customer", {**ACME, "billingAddress": {"country": country}})

    assert fields_of(response) == ["billingAddress.country"]


def test_several_mistakes_are_told_at_once(outsider: Api) -> None:
    response = outsider.post(
        "/customer",
        {"name": "x" * 256, "billingAddress": {"zip": "1", "city": 7}, "mail": "a@b.example"},
    )
    rest = outsider.post("/customer", {"name": "x" * 256, "billingAddress": {"city": 7}})

    assert fields_of(response) == ["mail"]
    assert fields_of(rest) == ["email", "name", "billingAddress.city"]


def test_an_empty_part_of_an_address_is_as_if_left_out(default_tier: Any, outsider: Api) -> None:
    given = {"street": "Torstraße 1", "city": "Berlin", "state": "", "postalCode": ""}

    made = json_of(outsider.post("/customer", {**ACME, "billingAddress": given}), 201)

    assert Tenant.objects.get(pk=made["id"]).address == {"line1": "Torstraße 1", "city": "Berlin"}


def test_the_tier_is_the_plan_of_the_subscription(default_tier: Any, outsider: Api) -> None:
    made = json_of(outsider.post("/customer", ACME), 201)
    Plan.objects.filter(pk=default_tier.plan_id).update(description="To begin with")

    tier = json_of(outsider.get("/customer/tier"))

    assert tier == {
        "customerId": made["id"],
        "tierId": str(default_tier.plan_id),
        "tierName": "Plan",
        "description": "To begin with",
        "isActive": True,
        "subscriptionStatus": "active",
        "trialUsed": False,
    }


def test_a_trial_is_told_in_stripes_words(outsider: Api) -> None:
    factories.default_plan(trial_days=14)
    json_of(outsider.post("/customer", ACME), 201)

    tier = json_of(outsider.get("/customer/tier"))

    assert (tier["subscriptionStatus"], tier["trialUsed"]) == ("trialing", True)
    assert TrialUse.objects.count() == 1


def test_a_customer_without_a_subscription_has_no_tier(team: Team) -> None:
    assert error_of(team.user.get("/customer/tier")) == (404, "NO_ACTIVE_SUBSCRIPTION")


def test_the_key_of_a_creation_keeps_its_answer(default_tier: Any, outsider: Api) -> None:
    first = outsider.post("/customer", ACME, idempotency_key="k")
    second = outsider.post("/customer", ACME, idempotency_key="k")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second["Idempotent-Replayed"] == "true"
    assert first.content == second.content
    assert Customer.objects.count() == 1


def test_with_stripe_it_is_made_there_too(
    default_tier: Any, outsider: Api, stripe: FakeStripe
) -> None:
    made = json_of(outsider.post("/customer", ACME), 201)

    assert made["gcid"] == "cus_000001"
    assert json_of(outsider.get("/customer"))["gcid"] == "cus_000001"
    assert stripe.customers == {
        "cus_000001": {
            "reference": made["id"],
            "email": "ap@acme.example",
            "name": "Acme",
            "address": Tenant.objects.get(pk=made["id"]).address,
        }
    }


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.LOST_BEFORE, Mood.LOST_AFTER])
def test_a_failure_of_stripe_is_a_502_and_the_retry_under_its_key_makes_one(
    default_tier: Any, outsider: Api, stripe: FakeStripe, mood: Mood
) -> None:
    stripe.plan = [mood]
    failed = outsider.post("/customer", ACME, idempotency_key="k")
    half = Customer.objects.count()

    made = json_of(outsider.post("/customer", ACME, idempotency_key="k"), 201)

    assert error_of(failed) == (502, "STRIPE_ERROR")
    assert half == 0
    assert Customer.objects.count() == 1
    assert [row["reference"] for row in stripe.customers.values()] == [made["id"]]


PAGES = {"successURL": "https://a.example/ok", "cancelURL": "https://a.example/no"}


def test_what_is_stripes_to_do_says_so(team: Team, outsider: Api) -> None:
    version = factories.plan_version()
    upgrade = {"tierID": str(version.plan_id), **PAGES}

    assert error_of(team.owner.get("/stripe/customer")) == (503, "STRIPE_NOT_CONFIGURED")
    assert error_of(team.owner.post("/stripe/upgrade", upgrade)) == (503, "STRIPE_NOT_CONFIGURED")
    for body in ({}, {"paymentMethodId": "pm_1"}):
        method = team.owner.post("/stripe/payment-method", body)
        assert error_of(method) == (501, "PAYMENT_METHOD_ELSEWHERE")
    webhook = Api({}, "/api/billing/v1").post("/stripe/webhook", {"id": "evt_1"})
    assert error_of(webhook) == (503, "STRIPE_NOT_CONFIGURED")
    listed = Api({}, "/api/billing/v1").send("POST", "/stripe/webhook", raw=b"[]")
    assert error_of(listed) == (503, "STRIPE_NOT_CONFIGURED")


@pytest.mark.parametrize(
    "url", ["", "a.example", "ftp://a.example", "https://", "javascript:alert(1)", 7, None,
        "https://a.example/a b", "https://a.example/\r\nSet-Cookie: a"],
)  # fmt: skip
def test_what_is_no_address_of_a_page_is_refused(team: Team, url: Any) -> None:
    upgrade = {"tierID": str(uuid4()), **PAGES, "cancelURL": url}

    assert fields_of(team.owner.post("/stripe/upgrade", upgrade)) == ["cancelURL"]


def test_a_tier_that_is_not_offered_is_no_upgrade(team: Team) -> None:
    version = factories.plan_version()
    Plan.objects.filter(pk=version.plan_id).update(is_active=False)

    old = team.owner.post("/stripe/upgrade", {"tierID": str(version.plan_id), **PAGES})
    unknown = team.owner.post("/stripe/upgrade", {"tierID": str(uuid4()), **PAGES})

    assert error_of(old) == (409, "PLAN_NOT_ACTIVE")
    assert error_of(unknown) == (404, "NOT_FOUND")
