"""An Idempotency-Key consumes once, whatever is lost between the work and the answer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from billing.models import IdempotentAnswer
from tests.client import Api, error_of, json_of
from tests.quotas.scene import Team, consume

RATE = {"serviceName": "search-api", "featureKey": "lookups"}
QUOTA = {"serviceName": "storage", "featureKey": "projects"}


def left(acme: Team, service: Api, names: dict[str, str]) -> int:
    """Return what is left, without counting."""
    trial = {"customerId": acme.id, **names, "dryRun": True}
    return int(json_of(consume(service, trial))["remaining"]) + 1


@pytest.mark.parametrize(("names", "before"), [(RATE, 200), (QUOTA, 3)])
def test_a_retry_gets_the_same_answer_and_counts_nothing(
    acme: Team, service: Api, names: dict[str, str], before: int
) -> None:
    key, body = str(uuid4()), {"customerId": acme.id, **names}

    first = consume(service, body, idempotency_key=key)
    second = consume(service, body, idempotency_key=key)

    assert json_of(first) == json_of(second)
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert left(acme, service, names) == before - 1


@pytest.mark.parametrize("names", [RATE, QUOTA])
def test_another_body_under_the_key_is_refused(
    acme: Team, service: Api, names: dict[str, str]
) -> None:
    key, body = str(uuid4()), {"customerId": acme.id, **names}
    json_of(consume(service, body, idempotency_key=key))
    before = left(acme, service, names)

    refused = consume(service, {**body, "amount": 2}, idempotency_key=key)

    assert error_of(refused) == (409, "IDEMPOTENCY_CONFLICT")
    assert left(acme, service, names) == before


def lose_the_answer() -> None:
    """Do what a crash between Valkey's count and Postgres's commit does."""
    IdempotentAnswer.objects.all().delete()


def test_a_rate_whose_answer_was_lost_is_not_counted_again(acme: Team, service: Api) -> None:
    key, body = str(uuid4()), {"customerId": acme.id, **RATE, "amount": 5}
    first = json_of(consume(service, body, idempotency_key=key))
    lose_the_answer()
    json_of(consume(service, {"customerId": acme.id, **RATE}))

    second = consume(service, body, idempotency_key=key)

    assert json_of(second) == first
    assert left(acme, service, RATE) == 194


def test_a_key_that_counted_another_request_is_known_though_its_answer_was_lost(
    acme: Team, service: Api
) -> None:
    key, body = str(uuid4()), {"customerId": acme.id, **RATE}
    json_of(consume(service, body, idempotency_key=key))
    lose_the_answer()

    refused = consume(service, {**body, "amount": 7}, idempotency_key=key)

    assert error_of(refused) == (409, "IDEMPOTENCY_CONFLICT")
    assert left(acme, service, RATE) == 199


def test_a_spent_rate_is_not_kept_and_a_spent_quota_is(acme: Team, service: Api) -> None:
    rate: dict[str, Any] = {"customerId": acme.id, **RATE, "amount": 201}
    quota: dict[str, Any] = {"customerId": acme.id, **QUOTA, "amount": 4}
    keys = str(uuid4()), str(uuid4())
    assert consume(service, rate, idempotency_key=keys[0]).status_code == 429
    assert consume(service, quota, idempotency_key=keys[1]).status_code == 403
    acme.plan.limits.filter(feature_key__in=["lookups", "projects"]).update(value=1000)

    assert consume(service, rate, idempotency_key=keys[0]).status_code == 200
    kept = consume(service, quota, idempotency_key=keys[1])
    assert (kept.status_code, kept.json()["error"]["code"]) == (403, "QUOTA_EXCEEDED")  # type: ignore[attr-defined]
    assert kept["Idempotent-Replayed"] == "true"


def test_each_caller_has_keys_of_its_own(acme: Team, service: Api) -> None:
    key, body = str(uuid4()), {"customerId": acme.id, **RATE}

    for caller in (service, Api.of("service")):
        assert "Idempotent-Replayed" not in consume(caller, body, idempotency_key=key)

    assert left(acme, service, RATE) == 198
