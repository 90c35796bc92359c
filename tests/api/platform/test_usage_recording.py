"""POST usage and usage/batch: what is taken, what is refused, and how that is said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing.metering.models import UsageEvent
from billing.models import Account
from tests import factories
from tests.api.platform.usage_bodies import (
    BAD_BODIES,
    BAD_SHAPES,
    BROKEN_RULES,
    DEEP,
    GOOD,
    event,
)
from tests.client import BASE, token

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def account(db: None) -> Account:
    return factories.account(clock=factories.clock(NOW))


def send(account: Account, body: Any, path: str = "", **headers: str) -> Any:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    given = {"Authorization": f"Bearer {token('billing_admin')}", **headers}
    return Client().post(
        f"{BASE}/tenants/{account.id}/usage{path}",
        content,
        content_type="application/json",
        headers=given,
    )


def code_of(response: Any) -> str:
    return str(response.json()["error"]["code"])


def test_an_event_is_recorded_once(account: Account) -> None:
    first, second = (send(account, GOOD) for _ in range(2))

    assert (first.status_code, first.json()) == (201, {"eventId": "good", "status": "recorded"})
    assert (second.status_code, second.json()) == (200, {"eventId": "good", "status": "duplicate"})


def test_what_is_left_out_has_its_default(account: Account) -> None:
    answer = send(account, {"metricType": "API_CALLS"})

    event = UsageEvent.objects.get()
    assert event.event_id == answer.json()["eventId"]
    assert (event.quantity, event.occurred_at, event.recorded_at) == (Decimal(1), NOW, NOW)
    assert (event.resource_id, event.metadata, event.is_correction) == ("", None, False)


def test_null_is_as_if_left_out_where_the_contract_says_so(account: Account) -> None:
    optional = ["unit", "eventId", "timestamp", "resourceId", "resourceType", "userId"]
    optional += ["costCenterId", "costCenterCode", "metadata"]

    answer = send(account, {"metricType": "API_CALLS", **dict.fromkeys(optional)})

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("quantity", "kept"),
    [
        ('"1"', "1"),
        ("2", "2"),
        ("2.5", "2.5"),
        ('"0.000000000001"', "0.000000000001"),
        ("123456789012345.123456789012", "123456789012345.123456789012"),
        ("1e3", "1000"),
        ("25E-1", "2.5"),
        ("0", "0"),
        ('"-0"', "0"),
        ('"007"', "7"),
    ],
)
def test_quantities_are_read_exactly(account: Account, quantity: str, kept: str) -> None:
    answer = send(account, f'{{"metricType": "API_CALLS", "quantity": {quantity}}}')

    assert answer.status_code == 201
    stored = format(UsageEvent.objects.get().quantity.normalize(), "f")
    assert stored == kept


@pytest.mark.parametrize(
    ("timestamp", "kept"),
    [
        ("2025-06-15T12:00:00Z", NOW),
        ("2025-06-15T14:00:00+02:00", NOW),
        ("2025-06-15T12:00:00", NOW),
        ("2025-06-15t11:59:59.123456z", NOW - timedelta(microseconds=876544)),
        ("2025-06-15T13:00:00Z", NOW + timedelta(hours=1)),
        ("2024-05-11T12:00:00Z", NOW - timedelta(days=400)),
    ],
)
def test_timestamps_of_any_offset_are_utc(account: Account, timestamp: str, kept: datetime) -> None:
    answer = send(account, {**GOOD, "timestamp": timestamp})

    assert answer.status_code == 201
    assert UsageEvent.objects.get().occurred_at == kept


@pytest.mark.parametrize(
    "metadata",
    [{"a": {"b": [1, "x", None, True]}}, '{"a": {"b": [1, "x", null, true]}}'],
    ids=["object", "string"],
)
def test_metadata_is_an_object_or_a_string_that_holds_one(account: Account, metadata: Any) -> None:
    answer = send(account, {**GOOD, "metadata": metadata})

    assert answer.status_code == 201
    assert UsageEvent.objects.get().metadata == {"a": {"b": [1, "x", None, True]}}


@pytest.mark.parametrize("path", ["", "/batch"])
@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_no_json_is_malformed(account: Account, body: Any, path: str) -> None:
    answer = send(account, body, path)

    assert (answer.status_code, code_of(answer)) == (400, "MALFORMED_BODY")
    assert not UsageEvent.objects.exists()


@pytest.mark.parametrize(("field", "body"), BAD_SHAPES.values(), ids=BAD_SHAPES)
def test_a_wrong_shape_is_refused_naming_the_field(account: Account, field: str, body: str) -> None:
    answer = send(account, body)

    assert (answer.status_code, code_of(answer)) == (400, "INVALID_REQUEST")
    assert answer.json()["error"]["details"][0]["field"].partition(".")[0] == field
    assert not UsageEvent.objects.exists()


@pytest.mark.parametrize("body", BAD_SHAPES.values(), ids=BAD_SHAPES)
def test_in_a_batch_a_wrong_shape_is_refused_alone(account: Account, body: tuple[str, str]) -> None:
    answer = send(account, f"[{json.dumps(GOOD)}, {body[1]}]", "/batch")

    said = answer.json()
    assert (answer.status_code, said["accepted"]) == (207, 1)
    assert [(one["index"], one["code"]) for one in said["rejected"]] == [(1, "INVALID_REQUEST")]


@pytest.mark.parametrize("event", ["5", '"x"', "null", "[]", DEEP, '{"metadata": ' + DEEP + "}"])
def test_what_is_no_event_is_refused_alone(account: Account, event: str) -> None:
    answer = send(account, f"[{event}, {json.dumps(GOOD)}]", "/batch")

    assert answer.status_code in {207, 400}
    assert answer.status_code == 207 or code_of(answer) == "MALFORMED_BODY"


@pytest.mark.parametrize(("code", "body"), BROKEN_RULES.values(), ids=BROKEN_RULES)
def test_a_broken_rule_is_refused_with_its_code(
    account: Account, code: str, body: dict[str, Any]
) -> None:
    answer = send(account, body)

    assert (answer.status_code, code_of(answer)) == (400, code)
    assert not UsageEvent.objects.exists()


@pytest.mark.parametrize(("code", "body"), BROKEN_RULES.values(), ids=BROKEN_RULES)
def test_in_a_batch_a_broken_rule_is_refused_alone(
    account: Account, code: str, body: dict[str, Any]
) -> None:
    answer = send(account, {"events": [body, GOOD]}, "/batch")

    said = answer.json()
    assert (answer.status_code, said["accepted"], said["duplicates"]) == (207, 1, 0)
    assert [(one["index"], one["eventId"], one["code"]) for one in said["rejected"]] == [
        (0, "ruled", code)
    ]


@pytest.mark.parametrize("body", BROKEN_RULES.values(), ids=BROKEN_RULES)
def test_a_stored_id_is_a_duplicate_whatever_else_it_says(
    account: Account, body: tuple[str, dict[str, Any]]
) -> None:
    send(account, {**GOOD, "eventId": "ruled"})

    single, batch = send(account, body[1]), send(account, [body[1]], "/batch")

    assert (single.status_code, single.json()["status"]) == (200, "duplicate")
    assert (batch.status_code, batch.json()["duplicates"]) == (201, 1)


def test_a_deactivated_meter_takes_nothing_until_it_is_active_again(account: Account) -> None:
    meter = factories.meter()
    body = {"metricType": meter.metric_type}
    accepted = send(account, body)
    meter.is_active = False
    meter.save()
    other = factories.meter(is_active=False)

    refused = send(account, {"metricType": other.metric_type})
    other.is_active = True
    other.save()

    assert accepted.status_code == 201
    assert code_of(refused) == "METER_INACTIVE"
    assert send(account, {"metricType": other.metric_type}).status_code == 201


def test_a_batch_says_what_became_of_each(account: Account) -> None:
    send(account, GOOD)
    refused = event(metricType="NO", eventId="new")
    events = [GOOD, refused, event(eventId="new"), event(eventId="new"), refused]

    answer = send(account, events, "/batch")

    said = answer.json()
    assert (answer.status_code, said["accepted"], said["duplicates"]) == (207, 1, 3)
    assert [one["index"] for one in said["rejected"]] == [1], "not yet a duplicate then"


def test_a_batch_without_a_good_event_is_an_error_with_the_same_fields(account: Account) -> None:
    answer = send(account, [event(metricType="NO")], "/batch")

    said = answer.json()
    assert (answer.status_code, said["error"]["code"]) == (400, "NO_EVENT_ACCEPTED")
    assert (said["accepted"], said["duplicates"], len(said["rejected"])) == (0, 0, 1)
    assert answer["x-error"]


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        '{"events": []}',
        "{}",
        '{"events": 5}',
        '{"events": [], "more": 1}',
        "5",
        '"x"',
        "null",
        json.dumps([GOOD] * 10_001),
        json.dumps({"events": [5] * 10_001}),
    ],
    ids=lambda body: body[:30],
)
def test_what_is_no_list_of_one_to_ten_thousand_is_refused_whole(
    account: Account, body: str
) -> None:
    answer = send(account, body, "/batch")

    assert (answer.status_code, code_of(answer)) == (400, "INVALID_REQUEST")
    assert not UsageEvent.objects.exists()


def test_ten_thousand_events_are_taken_and_replayed_without_change(account: Account) -> None:
    events = [event(eventId=str(number), quantity=number) for number in range(10_000)]

    first, again = (send(account, events, "/batch") for _ in range(2))

    assert (first.status_code, first.json()["accepted"]) == (201, 10_000)
    assert (again.status_code, again.json()["duplicates"]) == (201, 10_000)


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/xml"])
def test_another_content_type_is_refused(account: Account, content_type: str) -> None:
    answer = Client().post(
        f"{BASE}/tenants/{account.id}/usage",
        json.dumps(GOOD),
        content_type=content_type,
        headers={"Authorization": f"Bearer {token('billing_admin')}"},
    )

    assert (answer.status_code, code_of(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_over_ten_mebibytes_is_refused(account: Account) -> None:
    answer = send(account, b" " * (10 * 1024 * 1024 + 1), "/batch")

    assert (answer.status_code, code_of(answer)) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["", "/batch"])
def test_other_methods_are_not_allowed(account: Account, method: str, path: str) -> None:
    answer = getattr(Client(), method)(
        f"{BASE}/tenants/{account.id}/usage{path}",
        headers={"Authorization": f"Bearer {token('billing_admin')}"},
    )

    assert answer.status_code == 405
    assert "POST" in answer["Allow"]
