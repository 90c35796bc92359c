"""Who used what last: a hundred events a user are kept, and all are counted."""

from __future__ import annotations

from uuid import uuid4

import pytest

from quotas.models import UserEvent
from quotas.sweeping import sweep_events
from tests.client import Api, fields_of, json_of
from tests.quotas.scene import BASE, NOON, Team, address, consume, team, tier


def test_uses_are_listed_newest_first_with_their_total(db: None, service: Api) -> None:
    admin, user = Api.of("billing_admin"), str(uuid4())
    acme = team(("ai", "calls", 500, "minute"), ("storage", "projects", 50, ""), at=NOON)
    body = {"customerId": acme.id, "userId": user}
    for amount in range(1, 4):
        rate = {**body, "serviceName": "ai", "featureKey": "calls", "amount": amount}
        json_of(consume(service, rate))
    quota = {**body, "serviceName": "storage", "featureKey": "projects"}
    json_of(consume(service, {**quota, "amount": 5}))
    json_of(consume(service, {**quota, "amount": -2}))
    consume(service, {**quota, "amount": 500})
    consume(service, {**quota, "dryRun": True})

    rates = json_of(admin.get(f"/limits/usage/users?userId={user}", base=BASE))
    quotas = json_of(admin.get(f"/quotas/usage/users?userId={user}", base=BASE))

    assert rates["total"] == 3
    assert [event["amount"] for event in rates["events"]] == [3, 2, 1]
    assert rates["events"][0] == {
        "userId": user,
        "customerId": acme.id,
        "serviceName": "ai",
        "featureKey": "calls",
        "amount": 3,
        "type": "rate_limit",
        "timestamp": int(NOON.timestamp()),
        "window": "minute",
    }
    assert quotas["total"] == 2
    assert [event["amount"] for event in quotas["events"]] == [-2, 5]
    assert {event["type"] for event in quotas["events"]} == {"quota"}
    assert "window" not in quotas["events"][0]


def test_a_hundred_are_kept_and_all_are_counted(acme: Team, service: Api) -> None:
    admin, user = Api.of("billing_admin"), str(uuid4())
    body = {"customerId": acme.id, "serviceName": "ai-api", "featureKey": "tokens"}
    for amount in range(1, 106):
        json_of(consume(service, {**body, "userId": user, "amount": amount}))

    answer = json_of(admin.get(f"/limits/usage/users?userId={user}", base=BASE))

    assert answer["total"] == 105
    assert [event["amount"] for event in answer["events"]] == list(range(105, 5, -1))


def test_what_an_address_used_is_no_customers(db: None, service: Api) -> None:
    tier(("ai", "calls", 5, "day"), name="Public")
    user = str(uuid4())
    body = {"ip": address(), "userId": user, "serviceName": "ai", "featureKey": "calls"}
    json_of(consume(service, body))

    answer = json_of(Api.of("billing_admin").get(f"/limits/usage/users?userId={user}", base=BASE))

    assert [event["customerId"] for event in answer["events"]] == [None]


@pytest.mark.parametrize("query", ["", "?userId=", "?userId=me", "?user=x"])
def test_whose_has_to_be_said(db: None, query: str) -> None:
    for path in ("/limits/usage/users", "/quotas/usage/users"):
        assert fields_of(Api.of("billing_admin").get(f"{path}{query}", base=BASE))


def test_what_no_list_shows_is_swept_and_still_counted(acme: Team, service: Api) -> None:
    admin, user = Api.of("billing_admin"), str(uuid4())
    other = team()
    for number in range(1, 151):
        whose = (acme, other)[number % 2].id
        body = {"customerId": whose, "serviceName": "ai-api", "featureKey": "tokens"}
        json_of(consume(service, {**body, "userId": user, "amount": number}))
    path = f"/limits/usage/users?userId={user}"
    before = json_of(admin.get(path, base=BASE))

    swept = [sweep_events(), sweep_events()]

    assert swept == [50, 0]
    assert UserEvent.objects.filter(user_id=user).count() == 100
    assert json_of(admin.get(path, base=BASE)) == before
    assert before["total"] == 150
