"""Quotas through the API: made, changed, asked, held by recording, single and in batches."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from customers.models import Membership
from tests import factories
from tests.client import Api, error_of, fields_of, json_of

NOWHERE = "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"


class Quotas:
    """The quotas of one tenant, in the hands of one caller."""

    def __init__(self, caller: Api, tenant: str) -> None:
        self.caller, self.tenant = caller, tenant

    def make(self, status: int = 201, **given: Any) -> Any:
        body = {"tenantId": self.tenant, "resourceType": "API_CALLS", "quotaLimit": "10", **given}
        return json_of(self.caller.post("/quotas", body), status)

    def use(self, quantity: object = 1, **given: Any) -> Any:
        event = {"metricType": "API_CALLS", "quantity": quantity, **given}
        return self.caller.post(f"/tenants/{self.tenant}/usage", event)

    def used(self, status: int = 201, **given: Any) -> Any:
        return json_of(self.use(**given), status)

    def batch(self, *events: dict[str, Any], status: int = 201) -> Any:
        body = [{"metricType": "API_CALLS", **event} for event in events]
        return json_of(self.caller.post(f"/tenants/{self.tenant}/usage/batch", body), status)

    def check(self, **query: str) -> Any:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return json_of(self.caller.get(f"/quotas/tenants/{self.tenant}/check?{asked}"))

    def usage(self) -> str:
        (one,) = self.check(resourceType="API_CALLS")["quotas"]
        return str(one["currentUsage"])


@pytest.fixture
def quotas(admin: Api, tenant: dict[str, Any]) -> Quotas:
    return Quotas(admin, tenant["id"])


def test_a_quota_is_answered_with_its_defaults(quotas: Quotas) -> None:
    made = quotas.make()

    assert {name: made[name] for name in made if name not in {"id", "createdAt", "updatedAt"}} == {
        "tenantId": quotas.tenant,
        "resourceType": "API_CALLS",
        "resourceName": None,
        "quotaLimit": "10",
        "unit": "count",
        "period": "BILLING_PERIOD",
        "warningThresholdPercent": 80,
        "enforceHardLimit": True,
        "alertRecipients": [],
        "isActive": True,
        "currentUsage": "0",
        "reserved": "0",
        "remaining": "10",
        "utilizationPercent": "0",
        "periodStart": made["periodStart"],
        "periodEnd": made["periodEnd"],
    }


def test_usage_up_to_the_limit_is_taken_and_what_is_over_it_refused(quotas: Quotas) -> None:
    quotas.make()
    quotas.used(quantity="9.5")

    over = quotas.use("0.500000000001")
    fits = quotas.use("0.5")
    more = quotas.use("0.000000000001")

    assert error_of(over) == (403, "QUOTA_EXCEEDED")
    assert "leaves 0.5." in over.json()["error"]["message"]
    assert fits.status_code == 201
    assert error_of(more) == (403, "QUOTA_EXCEEDED")
    assert quotas.usage() == "10"


def test_a_batch_is_admitted_in_its_order_and_names_what_did_not_fit(quotas: Quotas) -> None:
    quotas.make()

    answer = quotas.batch(
        {"eventId": "a", "quantity": "6"},
        {"eventId": "b", "quantity": "5"},
        {"eventId": "c", "quantity": "4"},
        {"quantity": "1"},
        {"eventId": "other", "metricType": "PIPELINE_RUNS", "quantity": "100"},
        {"eventId": "a", "quantity": "6"},
        {"eventId": "b", "quantity": "5"},
        status=207,
    )

    assert (answer["accepted"], answer["duplicates"]) == (3, 1)
    assert [(one["index"], one.get("eventId"), one["code"]) for one in answer["rejected"]] == [
        (1, "b", "QUOTA_EXCEEDED"),
        (3, None, "QUOTA_EXCEEDED"),
        (6, "b", "QUOTA_EXCEEDED"),
    ]
    assert quotas.usage() == "10"


def test_a_batch_of_which_nothing_fits_is_refused_whole(quotas: Quotas) -> None:
    quotas.make()
    body = [{"metricType": "API_CALLS", "quantity": "11"}]

    answer = quotas.caller.post(f"/tenants/{quotas.tenant}/usage/batch", body)

    assert error_of(answer) == (400, "NO_EVENT_ACCEPTED")
    assert json.loads(answer.content)["rejected"][0]["code"] == "QUOTA_EXCEEDED"
    assert quotas.usage() == "0"


def test_many_are_admitted_as_few_are(quotas: Quotas) -> None:
    quotas.make(quotaLimit="250")

    answer = quotas.batch(*[{"eventId": f"e{n}"} for n in range(300)], status=207)

    assert (answer["accepted"], len(answer["rejected"])) == (250, 50)
    assert [one["index"] for one in answer["rejected"]] == list(range(250, 300))
    assert quotas.usage() == "250"


def test_a_duplicate_stays_one_however_full_the_quota_is(quotas: Quotas) -> None:
    quotas.make()
    quotas.used(quantity="10", eventId="one")

    again = quotas.use("10", eventId="one")
    answer = quotas.batch({"eventId": "one", "quantity": "10"}, status=201)

    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    assert (answer["accepted"], answer["duplicates"]) == (0, 1)
    assert quotas.usage() == "10"


def test_a_refused_event_can_be_sent_again(quotas: Quotas) -> None:
    quota = quotas.make()
    refused = quotas.use("11", eventId="big")
    json_of(quotas.caller.put(f"/quotas/{quota['id']}", {"quotaLimit": "11"}))

    again = quotas.use("11", eventId="big")

    assert error_of(refused) == (403, "QUOTA_EXCEEDED")
    assert again.status_code == 201


def test_what_was_used_before_counts(quotas: Quotas) -> None:
    quotas.used(quantity="7")

    made = quotas.make()

    assert (made["currentUsage"], made["utilizationPercent"]) == ("7", "70")
    assert error_of(quotas.use("4")) == (403, "QUOTA_EXCEEDED")
    quotas.used(quantity="3")


def test_a_void_and_a_correction_give_back(quotas: Quotas) -> None:
    quotas.make()
    quotas.used(quantity="6", eventId="six")
    quotas.used(quantity="4")
    json_of(quotas.use("-1", correction=True), 201)
    after_correction = quotas.usage()

    void = quotas.caller.delete(f"/tenants/{quotas.tenant}/usage/events/six")

    assert void.status_code == 204
    assert (after_correction, quotas.usage()) == ("9", "3")
    quotas.used(quantity="7")
    assert error_of(quotas.use("1")) == (403, "QUOTA_EXCEEDED")


@pytest.mark.parametrize("period", ["HOUR", "DAY", "MONTH", "BILLING_PERIOD"])
def test_late_events_count_in_their_own_window(quotas: Quotas, period: str) -> None:
    quotas.make(period=period)
    quotas.used(quantity="10")
    late = "2026-01-15T10:00:00Z"
    quotas.batch({"timestamp": late, "quantity": "10"})

    answer = quotas.use("1", timestamp=late)

    assert error_of(answer) == (403, "QUOTA_EXCEEDED")
    assert quotas.usage() == "10"


def test_none_is_one_window_for_ever(quotas: Quotas) -> None:
    made = quotas.make(period="NONE")
    quotas.used(quantity="6", timestamp="2026-01-15T10:00:00Z")

    answer = quotas.use("5")

    assert (made["periodStart"], made["periodEnd"]) == (None, None)
    assert error_of(answer) == (403, "QUOTA_EXCEEDED")
    assert quotas.usage() == "6"


def test_a_soft_quota_takes_what_is_over_it(quotas: Quotas) -> None:
    quotas.make(enforceHardLimit=False)

    quotas.used(quantity="25")

    (one,) = quotas.check(requestedAmount="1")["quotas"]
    assert (one["exceeded"], one["warning"], one["allowed"]) == (True, True, True)
    assert (one["utilizationPercent"], one["remaining"]) == ("250", "0")


USAGES: list[tuple[str, list[dict[str, Any]], str, dict[str, Any], dict[str, Any]]] = [
    (
        "MAX",
        [{"quantity": "9"}, {"quantity": "3"}, {"quantity": "10"}],
        "10",
        {"quantity": "10"},
        {"quantity": "11"},
    ),
    (
        "LATEST",
        [{"quantity": "9"}, {"quantity": "3"}],
        "3",
        {"quantity": "10"},
        {"quantity": "11"},
    ),
    (
        "COUNT",
        [{"quantity": "100"}] * 9,
        "9",
        {"quantity": "5"},
        {"quantity": "0"},
    ),
    (
        "UNIQUE",
        [{"userId": f"u{n % 10}"} for n in range(15)],
        "10",
        {"userId": "u3"},
        {"userId": "u10"},
    ),
]


@pytest.mark.parametrize(
    ("aggregation", "events", "usage", "fits", "over"), USAGES, ids=[one[0] for one in USAGES]
)
@pytest.mark.parametrize("is_first", [True, False])
def test_usage_is_what_the_meter_makes_of_the_events(
    quotas: Quotas,
    aggregation: str,
    events: list[dict[str, Any]],
    usage: str,
    fits: dict[str, Any],
    over: dict[str, Any],
    *,
    is_first: bool,
) -> None:
    name = f"{aggregation} {is_first}"  # processes keep a meter for a second
    factories.meter(aggregation, metric_type=name)
    making: dict[str, Any] = {"resourceType": name, "quotaLimit": "10"}
    if is_first:
        quotas.make(**making)
    for event in events:
        quotas.used(metricType=name, **event)
    if not is_first:
        quotas.make(**making)

    (one,) = quotas.check(resourceType=quote(name))["quotas"]
    taken = quotas.use(**{"quantity": 1, **fits}, metricType=name)
    refused = quotas.use(**{"quantity": 1, **over}, metricType=name)

    assert one["currentUsage"] == usage
    assert taken.status_code == 201
    assert error_of(refused) == (403, "QUOTA_EXCEEDED")


def test_a_void_finds_the_next_maximum(quotas: Quotas) -> None:
    quotas.make(resourceType="STORAGE_BYTES")
    quotas.used(metricType="STORAGE_BYTES", quantity="4")
    quotas.used(metricType="STORAGE_BYTES", quantity="10", eventId="most")

    quotas.caller.delete(f"/tenants/{quotas.tenant}/usage/events/most")

    (one,) = quotas.check(resourceType="STORAGE_BYTES")["quotas"]
    assert one["currentUsage"] == "4"


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
