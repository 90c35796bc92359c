"""Reservations through the API: held, committed, released, expired, and ended twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.api.platform.quota_caller import Quotas
from tests.client import Api, error_of, fields_of, json_of
from tests.scenarios.world import World


@pytest.fixture
def quotas(admin: Api, tenant: dict[str, Any]) -> Quotas:
    return Quotas(admin, tenant["id"])


def reserve(quotas: Quotas, amount: str, status: int = 201, **given: Any) -> Any:
    body = {"resourceType": "API_CALLS", "amount": amount, "ttlSeconds": 600, **given}
    return json_of(
        quotas.caller.post(f"/tenants/{quotas.tenant}/quotas/reservations", body), status
    )


def end(quotas: Quotas, reservation: Any, how: str, **body: Any) -> Any:
    place = f"/tenants/{quotas.tenant}/quotas/reservations/{reservation['reservationId']}"
    return quotas.caller.post(f"{place}/{how}", body)


def standing(quotas: Quotas) -> tuple[str, str, str]:
    (one,) = quotas.check(resourceType="API_CALLS")["quotas"]
    return one["currentUsage"], one["reserved"], one["remaining"]


def test_what_is_reserved_is_held_beside_the_usage(quotas: Quotas) -> None:
    quotas.make()
    quotas.used(quantity="3")

    made = reserve(quotas, "5")

    assert (made["status"], made["amount"], made["committedAmount"]) == ("OPEN", "5", None)
    assert standing(quotas) == ("3", "5", "2")
    assert error_of(quotas.use("3")) == (403, "QUOTA_EXCEEDED")
    assert reserve(quotas, "3", 403)["error"]["code"] == "QUOTA_EXCEEDED"
    quotas.used(quantity="2")
    assert standing(quotas) == ("5", "5", "0")


def test_committing_records_the_real_amount_and_gives_back_the_rest(quotas: Quotas) -> None:
    quotas.make()
    made = reserve(quotas, "8")

    done = json_of(end(quotas, made, "commit", amount="5", resourceId="job-7"))

    assert (done["status"], done["committedAmount"]) == ("COMMITTED", "5")
    assert standing(quotas) == ("5", "0", "5")
    (event,) = json_of(quotas.caller.get(f"/tenants/{quotas.tenant}/usage/events"))["data"]
    assert event["eventId"] == done["eventId"]
    assert (event["quantity"], event["resourceId"]) == ("5", "job-7")
    assert event["timestamp"] == made["reservedAt"]


def test_without_an_amount_all_of_it_is_committed(quotas: Quotas) -> None:
    quotas.make()

    done = json_of(end(quotas, reserve(quotas, "8"), "commit"))

    assert done["committedAmount"] == "8"
    assert standing(quotas) == ("8", "0", "2")


def test_more_than_was_reserved_has_to_fit_into_the_rest(quotas: Quotas) -> None:
    quotas.make()
    made = reserve(quotas, "5")
    quotas.used(quantity="3")

    over = end(quotas, made, "commit", amount="8")

    assert error_of(over) == (403, "QUOTA_EXCEEDED")
    assert standing(quotas) == ("3", "5", "2")
    json_of(end(quotas, made, "commit", amount="7"))
    assert standing(quotas) == ("10", "0", "0")


def test_releasing_gives_all_of_it_back(quotas: Quotas) -> None:
    quotas.make()
    made = reserve(quotas, "8")

    done = json_of(end(quotas, made, "release"))

    assert (done["status"], done["eventId"]) == ("RELEASED", None)
    assert standing(quotas) == ("0", "0", "10")


@pytest.mark.parametrize("first", ["commit", "release"])
@pytest.mark.parametrize("second", ["commit", "release"])
def test_a_reservation_ends_once(quotas: Quotas, first: str, second: str) -> None:
    quotas.make()
    made = reserve(quotas, "8")
    json_of(end(quotas, made, first))
    before = standing(quotas)

    again = end(quotas, made, second)

    assert error_of(again) == (409, "RESERVATION_ENDED")
    assert again.json()["reservationId"] == made["reservationId"]
    assert standing(quotas) == before


def test_a_repeated_commit_with_its_key_gets_the_first_answer(quotas: Quotas) -> None:
    quotas.make()
    made = reserve(quotas, "8")
    place = f"/tenants/{quotas.tenant}/quotas/reservations/{made['reservationId']}/commit"

    first = quotas.caller.post(place, {"amount": "5"}, idempotency_key="job-7")
    again = quotas.caller.post(place, {"amount": "5"}, idempotency_key="job-7")

    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again["Idempotent-Replayed"] == "true"
    assert standing(quotas) == ("5", "0", "5")


def test_without_a_quota_all_is_let_in_and_recorded(quotas: Quotas) -> None:
    made = reserve(quotas, "1000000")

    done = json_of(end(quotas, made, "commit", amount="7"))

    assert (made["quotaId"], done["committedAmount"]) == (None, "7")


def test_a_quota_that_is_deleted_meanwhile_holds_nothing(quotas: Quotas) -> None:
    quota = quotas.make()
    made = reserve(quotas, "8")
    quotas.caller.delete(f"/quotas/{quota['id']}")

    done = json_of(end(quotas, made, "commit", amount="50"))

    assert done["committedAmount"] == "50"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": True}, "amount"),
        ({"resourceType": "NO_SUCH_METER"}, "resourceType"),
        ({"resourceType": "STORAGE_BYTES"}, "resourceType"),
        ({"ttlSeconds": 0}, "ttlSeconds"),
        ({"ttlSeconds": 86_401}, "ttlSeconds"),
        ({"ttlSeconds": "600"}, "ttlSeconds"),
        ({"ttl": 600}, "ttl"),
    ],
)
def test_what_is_wrong_is_named(quotas: Quotas, given: dict[str, Any], field: str) -> None:
    quotas.make()
    body = {"resourceType": "API_CALLS", "amount": "1", "ttlSeconds": 600, **given}

    answer = quotas.caller.post(f"/tenants/{quotas.tenant}/quotas/reservations", body)

    assert fields_of(answer) == [field]
    assert standing(quotas) == ("0", "0", "10")


def test_another_tenants_reservation_is_not_there(quotas: Quotas, admin: Api) -> None:
    made = reserve(quotas, "1")
    other = Quotas(admin, json_of(admin.post("/tenants", {"name": "Other"}), 201)["id"])

    assert error_of(end(other, made, "commit")) == (404, "NOT_FOUND")
    assert error_of(end(other, {"reservationId": "no"}, "release"))[0] == 400


@pytest.mark.django_db
def test_what_expires_is_given_back_at_once() -> None:
    world = World()
    world.begin("2025-04-01T00:00:00Z")
    quotas = Quotas(Api.of("billing_admin"), world.tenant)
    quotas.make()
    made = reserve(quotas, "8")
    before = standing(quotas)
    world.advance("2025-04-01T00:10:00Z")

    seen = standing(quotas)

    assert (before, seen) == (("0", "8", "2"), ("0", "0", "10"))
    assert error_of(end(quotas, made, "commit")) == (409, "RESERVATION_EXPIRED")
    assert error_of(end(quotas, made, "release")) == (409, "RESERVATION_EXPIRED")
    quotas.used(quantity="10")
    assert standing(quotas) == ("10", "0", "0")


def test_a_paused_subscription_reserves_nothing(quotas: Quotas, admin: Api) -> None:
    version = factories.plan_version()
    path = f"/tenants/{quotas.tenant}/subscriptions"
    made = json_of(admin.post(path, {"planId": version.plan.code}), 201)
    json_of(admin.post(f"/subscriptions/{made['id']}/pause"))

    assert reserve(quotas, "1", 409)["error"]["code"] == "SUBSCRIPTION_PAUSED"
