"""POST /limits/consume: what is counted, what is refused, and that a refusal counts nothing."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from billing.accounts import keys
from billing.models import Subscription
from quotas.models import QuotaUse
from tests.client import Api, error_of, fields_of, json_of
from tests.factories import LONG_AGO
from tests.quotas.scene import BASE, NOON, Team, add_limit, consume, team, tier

RATE = {"serviceName": "search-api", "featureKey": "lookups"}
QUOTA = {"serviceName": "storage", "featureKey": "projects"}


def used(acme: Team, service: str = "search-api", feature: str = "lookups") -> int:
    where = "/quotas/usage" if service == "storage" else "/limits/usage"
    services = json_of(acme.get(where))["services"]
    rows = {row["featureKey"]: row["currentUsage"] for row in services[service]["features"]}
    return int(rows[feature])


def test_a_rate_is_counted_to_the_end_of_its_window(db: None, service: Api) -> None:
    acme = team(("search-api", "lookups", 200, "minute"), at=NOON)

    first = json_of(consume(service, {"customerId": acme.id, **RATE, "amount": 150}))
    second = consume(service, {"customerId": acme.id, **RATE, "amount": 51})
    third = json_of(consume(service, {"customerId": acme.id, **RATE, "amount": 50}))

    minute = int(NOON.timestamp()) // 60 * 60 + 60
    assert first == {"allowed": True, "remaining": 50, "resetAt": minute}
    assert error_of(second) == (429, "RATE_LIMIT_EXCEEDED")
    assert second["Retry-After"] == "30"
    said = json.loads(second.content)
    assert (said["allowed"], said["remaining"], said["resetAt"]) == (False, 50, minute)
    assert third == {"allowed": True, "remaining": 0, "resetAt": minute}
    assert used(acme) == 200


def test_a_quota_is_held_until_it_is_given_back(acme: Team, service: Api) -> None:
    body = {"customerId": acme.id, **QUOTA}

    taken = [json_of(consume(service, body)) for _ in range(3)]
    spent = consume(service, body)
    given_back = json_of(consume(service, {**body, "amount": -2}))

    assert [one["remaining"] for one in taken] == [2, 1, 0]
    assert taken[0] == {"allowed": True, "remaining": 2, "resetAt": 0}
    assert error_of(spent) == (403, "QUOTA_EXCEEDED")
    assert json.loads(spent.content)["remaining"] == 0
    assert given_back == {"allowed": True, "remaining": 2, "resetAt": 0}
    assert used(acme, *QUOTA.values()) == 1


def test_more_than_is_held_given_back_ends_at_nothing(acme: Team, service: Api) -> None:
    body = {"customerId": acme.id, **QUOTA}
    json_of(consume(service, body))

    answer = json_of(consume(service, {**body, "amount": -10}))

    assert answer["remaining"] == 3
    assert QuotaUse.objects.get().used == 0


def test_giving_back_what_was_never_taken_makes_no_row(acme: Team, service: Api) -> None:
    answer = json_of(consume(service, {"customerId": acme.id, **QUOTA, "amount": -1}))

    assert answer == {"allowed": True, "remaining": 3, "resetAt": 0}
    assert not QuotaUse.objects.exists()


def test_under_a_lowered_limit_nothing_is_taken_and_all_can_be_given_back(
    acme: Team, service: Api
) -> None:
    body = {"customerId": acme.id, **QUOTA}
    json_of(consume(service, {**body, "amount": 3}))
    acme.plan.limits.filter(feature_key="projects").update(value=1)

    refused = consume(service, body)
    back = json_of(consume(service, {**body, "amount": -1}))
    still = consume(service, body)

    assert error_of(refused) == (403, "QUOTA_EXCEEDED")
    assert back["remaining"] == 0
    assert error_of(still) == (403, "QUOTA_EXCEEDED")
    assert used(acme, *QUOTA.values()) == 2


@pytest.mark.parametrize("change", ["disabled", "removed", "unsubscribed"])
def test_what_is_held_can_be_given_back_whatever_became_of_the_tier(
    acme: Team, service: Api, change: str
) -> None:
    body = {"customerId": acme.id, **QUOTA}
    json_of(consume(service, {**body, "amount": 3}))
    if change == "disabled":
        acme.plan.limits.filter(feature_key="projects").update(value=0)
    elif change == "removed":
        acme.plan.limits.filter(feature_key="projects").delete()
    else:
        Subscription.objects.update(status="CANCELLED", ended_at=NOON)

    answer = json_of(consume(service, {**body, "amount": -1}))

    assert answer == {"allowed": True, "remaining": 0, "resetAt": 0}
    assert QuotaUse.objects.get().used == 2


@pytest.mark.parametrize(
    ("service_name", "feature", "remaining"),
    [("ai-api", "tokens", -1), ("storage", "buckets", -1)],
)
def test_what_has_no_limit_is_counted_all_the_same(
    acme: Team, service: Api, service_name: str, feature: str, remaining: int
) -> None:
    body = {"customerId": acme.id, "serviceName": service_name, "featureKey": feature}

    answers = [json_of(consume(service, {**body, "amount": 10**15})) for _ in range(2)]

    assert [one["remaining"] for one in answers] == [remaining, remaining]
    assert used(acme, service_name, feature) == 2 * 10**15


@pytest.mark.parametrize(
    ("service_name", "feature"), [("ai-api", "tokens"), ("storage", "buckets")]
)
def test_what_has_no_limit_is_counted_up_to_what_json_can_say(
    acme: Team, service: Api, service_name: str, feature: str
) -> None:
    body = {"customerId": acme.id, "serviceName": service_name, "featureKey": feature}

    for _ in range(11):
        json_of(consume(service, {**body, "amount": 10**15}))

    assert used(acme, service_name, feature) == 9 * 10**15


@pytest.mark.parametrize(
    ("service_name", "feature"), [("search-api", "exports"), ("storage", "vaults")]
)
def test_what_is_disabled_is_refused(
    acme: Team, service: Api, service_name: str, feature: str
) -> None:
    body = {"customerId": acme.id, "serviceName": service_name, "featureKey": feature}

    assert error_of(consume(service, body)) == (403, "FEATURE_DISABLED")
    assert used(acme, service_name, feature) == 0


@pytest.mark.parametrize("names", [("search-api", "nothing"), ("nothing", "lookups")])
def test_what_the_tier_does_not_have_is_not_there(
    acme: Team, service: Api, names: tuple[str, str]
) -> None:
    body = {"customerId": acme.id, "serviceName": names[0], "featureKey": names[1]}

    assert error_of(consume(service, body)) == (404, "NOT_FOUND")


def test_without_a_subscription_there_are_no_limits(db: None, service: Api) -> None:
    acme = team(subscribed=False)

    refused = consume(service, {"customerId": acme.id, **RATE})

    assert error_of(refused) == (404, "NO_ACTIVE_SUBSCRIPTION")


@pytest.mark.parametrize("names", [RATE, QUOTA])
def test_a_trial_answers_alike_and_counts_nothing(
    acme: Team, service: Api, names: dict[str, str]
) -> None:
    body = {"customerId": acme.id, **names, "amount": 2}
    dry = {**body, "dryRun": True}

    tried = json_of(consume(service, dry))
    real = json_of(consume(service, body))
    tried_again = consume(service, {**dry, "amount": 199})

    assert tried == real
    assert tried_again.status_code == (429 if names is RATE else 403)
    assert used(acme, *names.values()) == 2


def test_giving_back_can_be_tried(acme: Team, service: Api) -> None:
    body = {"customerId": acme.id, **QUOTA}
    json_of(consume(service, {**body, "amount": 3}))

    tried = json_of(consume(service, {**body, "amount": -2, "dryRun": True}))

    assert tried["remaining"] == 2
    assert used(acme, *QUOTA.values()) == 3


def test_a_rate_is_not_given_back(acme: Team, service: Api) -> None:
    refused = consume(service, {"customerId": acme.id, **RATE, "amount": -1})

    assert fields_of(refused) == ["amount"]
    assert used(acme) == 0


def test_the_members_quota_follows_the_team_and_nothing_else(acme: Team, service: Api) -> None:
    body = {"customerId": acme.id, "serviceName": "billing", "featureKey": "members"}

    refused = consume(service, body)

    assert error_of(refused) == (400, "COUNTED_ELSEWHERE")
    rows = json_of(acme.get("/quotas/usage"))["services"]["billing"]["features"]
    assert [(row["currentUsage"], row["remaining"]) for row in rows] == [(3, 2)]


def test_an_unknown_customer_is_told_to_those_who_may_know(acme: Team, service: Api) -> None:
    unknown = {"customerId": str(uuid4()), **RATE}
    bound = Api.of("service", tenant_id=acme.id)
    other = team()

    assert error_of(consume(service, unknown)) == (404, "TENANT_NOT_FOUND")
    assert error_of(consume(bound, unknown)) == (403, "TENANT_MISMATCH")
    assert error_of(consume(bound, {"customerId": other.id, **RATE})) == (403, "TENANT_MISMATCH")
    assert json_of(consume(bound, {"customerId": acme.id, **RATE}))["remaining"] == 199
    assert used(other) == 0


def test_a_bound_service_speaks_for_no_address(acme: Team) -> None:
    bound = Api.of("service", tenant_id=acme.id)

    assert error_of(consume(bound, {"ip": "192.0.2.1", **RATE})) == (403, "FORBIDDEN")


def test_a_plan_change_takes_effect_at_once(acme: Team, service: Api) -> None:
    body = {"customerId": acme.id, **RATE}
    json_of(consume(service, {**body, "amount": 150}))
    smaller = tier(("search-api", "lookups", 151, "month"), name="Small")
    Subscription.objects.update(plan_version=smaller.versions.get())

    answer = json_of(consume(service, body))
    refused = consume(service, body)

    assert answer["remaining"] == 0
    assert error_of(refused) == (429, "RATE_LIMIT_EXCEEDED")


def test_on_a_test_clock_a_window_lasts_until_the_clock_moves(db: None, service: Api) -> None:
    acme = team(("search-api", "lookups", 2, "minute"), at=NOON)
    body = {"customerId": acme.id, **RATE}
    json_of(consume(service, {**body, "amount": 2}))
    refused = consume(service, body)
    clock = acme.account.test_clock
    assert clock is not None
    type(clock).objects.update(
        frozen_time=NOON.replace(minute=1), reached_at=NOON.replace(minute=1)
    )

    again = json_of(consume(service, body))

    assert error_of(refused) == (429, "RATE_LIMIT_EXCEEDED")
    assert again["remaining"] == 1


def test_names_that_hold_separators_are_counted_apart(db: None, service: Api) -> None:
    acme = team(("a:1", "b", 1, "day"), ("a", "1:b", 1, "day"), ("a%2F", "..b", 1, ""))

    for names in (("a:1", "b"), ("a", "1:b"), ("a%2F", "..b")):
        body = {"customerId": acme.id, "serviceName": names[0], "featureKey": names[1]}
        assert json_of(consume(service, body))["remaining"] == 0


def test_an_edit_of_the_limit_is_seen_by_the_next_request(acme: Team, service: Api) -> None:
    add_limit(acme.plan, "new", "thing", 5, "day")
    body = {"customerId": acme.id, "serviceName": "new", "featureKey": "thing"}
    json_of(consume(service, body))
    acme.plan.limits.filter(service_name="new").update(value=3)

    assert json_of(consume(service, body))["remaining"] == 1


def test_a_service_key_consumes_for_its_own_customer_alone(acme: Team) -> None:
    made, secret = keys.create_api_key(
        account_id=acme.account.pk, scopes=["usage:write"], now=LONG_AGO
    )
    bound = Api({"api-key": made.key, "api-secret": secret})
    body = {"serviceName": "ai-api", "featureKey": "tokens"}

    mine = bound.post("/limits/consume", {**body, "customerId": acme.id}, base=BASE)
    other = bound.post("/limits/consume", {**body, "customerId": team().id}, base=BASE)

    assert (mine.status_code, other.status_code) == (200, 403)
