"""Quotas through the API: asked, changed, stopped, deleted; what is refused, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from customers.models import Membership
from tests import factories
from tests.api.platform.quota_caller import Quotas
from tests.client import Api, error_of, fields_of, json_of

NOWHERE = "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"


@pytest.fixture
def quotas(admin: Api, tenant: dict[str, Any]) -> Quotas:
    return Quotas(admin, tenant["id"])


def test_a_check_says_what_would_be(quotas: Quotas) -> None:
    quota = quotas.make(quotaLimit="100")
    quotas.used(quantity="70")

    answers = [quotas.check(requestedAmount=text) for text in ("0", "10", "30", "30.1")]

    seen = [(a["allowed"], *[a["quotas"][0][n] for n in ("warning", "exceeded")]) for a in answers]
    assert seen == [
        (True, False, False),
        (True, True, False),
        (True, True, False),
        (False, True, True),
    ]
    assert answers[3]["quotas"][0] == {
        "quotaId": quota["id"],
        "resourceType": "API_CALLS",
        "quotaLimit": "100",
        "currentUsage": "70",
        "reserved": "0",
        "requestedAmount": "30.1",
        "remaining": "30",
        "utilizationPercent": "70",
        "warning": True,
        "exceeded": True,
        "enforceHardLimit": True,
        "allowed": False,
        "periodEnd": quota["periodEnd"],
    }


def test_without_a_quota_all_is_allowed(quotas: Quotas) -> None:
    answer = quotas.check(resourceType="API_CALLS", requestedAmount="1000000")

    assert (answer["quotas"], answer["allowed"]) == ([], True)


def test_a_meter_has_one_active_quota(quotas: Quotas) -> None:
    first = quotas.make()
    again = quotas.make(409, quotaLimit="20", period="DAY")
    json_of(quotas.caller.put(f"/quotas/{first['id']}", {"isActive": False}))

    second = quotas.make(quotaLimit="20")
    back = quotas.caller.put(f"/quotas/{first['id']}", {"isActive": True})

    assert again["error"]["code"] == "ALREADY_EXISTS"
    assert second["isActive"]
    assert error_of(back) == (409, "ALREADY_EXISTS")


def test_a_quota_that_is_stopped_or_deleted_refuses_nothing(quotas: Quotas) -> None:
    quota = quotas.make()
    quotas.caller.put(f"/quotas/{quota['id']}", {"isActive": False})
    quotas.used(quantity="100")
    json_of(quotas.caller.put(f"/quotas/{quota['id']}", {"isActive": True}))
    refused = quotas.use("1")

    gone = quotas.caller.delete(f"/quotas/{quota['id']}")

    assert error_of(refused) == (403, "QUOTA_EXCEEDED")
    assert gone.status_code == 204
    quotas.used(quantity="100")
    assert error_of(quotas.caller.get(f"/quotas/{quota['id']}")) == (404, "NOT_FOUND")
    assert json_of(quotas.caller.get(f"/quotas/tenants/{quotas.tenant}"))["data"] == []


def test_another_period_is_counted_anew(quotas: Quotas) -> None:
    quota = quotas.make(period="NONE")
    quotas.used(quantity="6", timestamp="2026-01-15T10:00:00Z")
    quotas.used(quantity="3")

    changed = json_of(quotas.caller.put(f"/quotas/{quota['id']}", {"period": "HOUR"}))

    assert (changed["currentUsage"], changed["period"]) == ("3", "HOUR")
    back = json_of(quotas.caller.put(f"/quotas/{quota['id']}", {"period": "NONE"}))
    assert back["currentUsage"] == "9"


def test_another_time_zone_cuts_other_windows(quotas: Quotas) -> None:
    quotas.make(period="DAY")
    json_of(quotas.caller.patch(f"/tenants/{quotas.tenant}", {"timezone": "Asia/Kolkata"}))

    (one,) = json_of(quotas.caller.get(f"/quotas/tenants/{quotas.tenant}"))["data"]

    assert one["periodStart"].endswith("T18:30:00Z")


BAD = [
    ({"quotaLimit": "0"}, "quotaLimit"),
    ({"quotaLimit": "-1"}, "quotaLimit"),
    ({"quotaLimit": "NaN"}, "quotaLimit"),
    ({"quotaLimit": None}, "quotaLimit"),
    ({"quotaLimit": "1000000000000000"}, "quotaLimit"),
    ({"resourceType": "NO_SUCH_METER"}, "resourceType"),
    ({"unit": "furlongs"}, "unit"),
    ({"period": "WEEK"}, "period"),
    ({"period": None}, "period"),
    ({"warningThresholdPercent": 0}, "warningThresholdPercent"),
    ({"warningThresholdPercent": 101}, "warningThresholdPercent"),
    ({"enforceHardLimit": "yes"}, "enforceHardLimit"),
    ({"alertRecipients": ["nobody"]}, "alertRecipients"),
    ({"alertRecipients": ["a@b.example\nBcc: c@d.example"]}, "alertRecipients"),
    ({"alertRecipients": [f"a{n}@b.example" for n in range(21)]}, "alertRecipients"),
    ({"tenantId": "nobody"}, "tenantId"),
    ({"colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("given", "field"), BAD, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_named(quotas: Quotas, given: dict[str, Any], field: str) -> None:
    body = {"tenantId": quotas.tenant, "resourceType": "API_CALLS", "quotaLimit": "10", **given}

    answer = quotas.caller.post("/quotas", body)

    assert fields_of(answer)[0].startswith(field)
    assert json_of(quotas.caller.get(f"/quotas/tenants/{quotas.tenant}"))["data"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("requestedAmount=-1", "requestedAmount"),
        ("requestedAmount=1e3", "requestedAmount"),
        ("requestedAmount=NaN", "requestedAmount"),
        ("requestedAmount=", "requestedAmount"),
        ("requestedAmount=1&requestedAmount=2", "requestedAmount"),
        ("resourceType=NO_SUCH_METER", "resourceType"),
        ("resourcetype=API_CALLS", "resourcetype"),
    ],
)
def test_a_check_that_asks_nonsense_is_told(quotas: Quotas, query: str, field: str) -> None:
    answer = quotas.caller.get(f"/quotas/tenants/{quotas.tenant}/check?{query}")

    assert fields_of(answer) == [field]


@pytest.mark.parametrize(
    ("given", "field"),
    [({"tenantId": NOWHERE}, "tenantId"), ({"resourceType": "PIPELINE_RUNS"}, "resourceType")],
)
def test_whose_and_of_what_a_quota_is_stays(
    quotas: Quotas, given: dict[str, Any], field: str
) -> None:
    quota = quotas.make()

    answer = quotas.caller.put(f"/quotas/{quota['id']}", given)

    assert fields_of(answer) == [field]


@pytest.mark.django_db
def test_what_billing_admin_made_only_billing_admin_changes(admin: Api) -> None:
    customer = factories.customer()
    owner = Api.of(sub=str(Membership.objects.get(customer=customer).user_id))
    tenant = str(customer.pk)
    own = Quotas(owner, tenant).make()
    given = Quotas(admin, tenant).make(resourceType="PIPELINE_RUNS")

    json_of(owner.put(f"/quotas/{own['id']}", {"quotaLimit": "20"}))
    refusals = [
        owner.put(f"/quotas/{given['id']}", {"quotaLimit": "20"}),
        owner.delete(f"/quotas/{given['id']}"),
    ]

    assert [error_of(one) for one in refusals] == [(403, "FORBIDDEN")] * 2
    json_of(admin.put(f"/quotas/{own['id']}", {"quotaLimit": "30"}))
    assert json_of(owner.get(f"/quotas/{given['id']}"))["quotaLimit"] == "10"


def test_a_paused_subscription_is_allowed_nothing_and_its_usage_is_taken(
    quotas: Quotas, admin: Api
) -> None:
    version = factories.plan_version()
    path = f"/tenants/{quotas.tenant}/subscriptions"
    made = json_of(admin.post(path, {"planId": version.plan.code}), 201)
    quotas.make(quotaLimit="100")
    json_of(admin.post(f"/subscriptions/{made['id']}/pause"))

    answer = quotas.check(resourceType="API_CALLS", requestedAmount="1")

    assert (answer["allowed"], answer["subscriptionPaused"]) == (False, True)
    assert answer["quotas"][0]["allowed"] is False
    quotas.used(quantity="5")
    assert quotas.usage() == "5"
