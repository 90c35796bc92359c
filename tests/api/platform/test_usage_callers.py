"""Recording by different callers: corrections, tenants, and keys of idempotency."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from billing.metering.models import UsageEvent
from tests.client import Api, json_of

GOOD = {"metricType": "API_CALLS", "eventId": "good"}
CORRECTION = {"metricType": "API_CALLS", "quantity": "-2", "correction": True}


def path_of(tenant: dict[str, Any], rest: str = "") -> str:
    return f"/tenants/{tenant['id']}/usage{rest}"


def test_a_correction_takes_an_admin(tenant: dict[str, Any], admin: Api, service: Api) -> None:
    refused = service.post(path_of(tenant), CORRECTION)
    among = service.post(path_of(tenant, "/batch"), [CORRECTION, GOOD])

    assert json_of(refused, 403)["error"]["code"] == "FORBIDDEN"
    assert [one["code"] for one in json_of(among, 207)["rejected"]] == ["FORBIDDEN"]
    assert json_of(admin.post(path_of(tenant), CORRECTION), 201)["status"] == "recorded"
    assert UsageEvent.objects.filter(is_correction=True).count() == 1


def test_a_tenant_that_is_not_there_is_a_404_to_a_producer_of_any(db: None, service: Api) -> None:
    answer = service.post(f"/tenants/{uuid4()}/usage", GOOD)

    assert json_of(answer, 404)["error"]["code"] == "TENANT_NOT_FOUND"


def test_a_producer_of_one_tenant_can_not_tell_what_others_there_are(
    tenant: dict[str, Any], api: Any
) -> None:
    bound = api("service", tenant_id=str(uuid4()))

    answers = [bound.post(f"/tenants/{which}/usage", GOOD) for which in (tenant["id"], uuid4())]

    assert [json_of(answer, 403)["error"]["code"] for answer in answers] == ["TENANT_MISMATCH"] * 2
    assert not UsageEvent.objects.exists()


def test_a_path_that_is_no_uuid_is_refused(db: None, service: Api) -> None:
    assert json_of(service.post("/tenants/7/usage", GOOD), 400)["error"]["code"] == (
        "INVALID_REQUEST"
    )


@pytest.mark.parametrize("rest", ["", "/batch"])
def test_a_key_makes_the_first_answer_the_only_one(
    tenant: dict[str, Any], service: Api, rest: str
) -> None:
    event = {"metricType": "API_CALLS"}
    body = [event] if rest else event

    first, again = (
        service.post(path_of(tenant, rest), body, idempotency_key="k1") for _ in range(2)
    )

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert UsageEvent.objects.count() == 1


def test_a_key_with_another_body_is_a_conflict(tenant: dict[str, Any], service: Api) -> None:
    service.post(path_of(tenant), GOOD, idempotency_key="k1")

    other = service.post(path_of(tenant), {**GOOD, "quantity": 2}, idempotency_key="k1")

    assert json_of(other, 409)["error"]["code"] == "IDEMPOTENCY_CONFLICT"


def test_a_mended_body_runs_under_the_same_key(tenant: dict[str, Any], service: Api) -> None:
    refused = service.post(path_of(tenant), {"metricType": "NO"}, idempotency_key="k1")

    mended = service.post(path_of(tenant), GOOD, idempotency_key="k1")

    assert (refused.status_code, mended.status_code) == (400, 201)


def test_a_refusal_is_kept_with_its_key(tenant: dict[str, Any], service: Api) -> None:
    answers = [service.post(path_of(tenant), CORRECTION, idempotency_key="k1") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[1]["Idempotent-Replayed"] == "true"


def test_a_key_of_more_than_255_characters_is_refused(tenant: dict[str, Any], service: Api) -> None:
    answer = service.post(path_of(tenant), GOOD, idempotency_key="k" * 256)

    assert json_of(answer, 400)["error"]["details"][0]["field"] == "Idempotency-Key"


def test_an_answer_has_a_request_id_and_a_length(tenant: dict[str, Any], service: Api) -> None:
    answer = service.post(path_of(tenant), GOOD, x_request_id="mine")

    assert answer["x-request-id"] == "mine"
    assert answer["Content-Length"] == str(len(answer.content))


def test_a_host_that_is_not_ours_is_refused(tenant: dict[str, Any], service: Api) -> None:
    answer = service.post(path_of(tenant), GOOD, host="elsewhere.example")

    assert answer.status_code == 400
    assert not UsageEvent.objects.exists()
