"""Quotas through the API: made, and held by recording, single and in batches."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests import factories
from tests.api.platform.quota_caller import Quotas
from tests.client import Api, error_of, json_of

NOWHERE = "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"


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


def test_a_tiny_limit_far_exceeded_can_be_looked_at(quotas: Quotas) -> None:
    quotas.make(quotaLimit="0.000000000001", enforceHardLimit=False)

    quotas.use("999999999999999")

    (one,) = quotas.check(requestedAmount="1")["quotas"]
    assert one["utilizationPercent"] == "99999999999999900000000000000"
    assert one["exceeded"]
