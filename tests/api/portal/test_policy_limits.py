"""Each endpoint of limits against each caller."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing.accounts import keys
from tests.api.portal.policy_limits import EVERYONE, POLICY_LIMITS
from tests.client import Api
from tests.factories import LONG_AGO
from tests.quotas.scene import BASE, Team, team

CALLERS = EVERYONE.split()
PEOPLE = ("owner", "teamadmin", "user")


@pytest.fixture
def acme(db: None) -> Team:
    return team()


def callers(acme: Team) -> dict[str, Api]:
    def key(scope: str) -> Api:
        made, secret = keys.create_api_key(
            user_id=acme.people["owner"], scopes=[scope], now=LONG_AGO
        )
        return Api({"api-key": made.key, "api-secret": secret})

    return {
        "nobody": Api(),
        "stranger": Api.of(),
        **{name: Api.of(sub=acme.people[name]) for name in PEOPLE},
        "admin": Api.of("billing_admin"),
        "service": Api.of("service"),
        "key:read": key("billing:read"),
        "key:write": key("billing:write"),
        "key:usage": key("usage:write"),
        "key:admin": key("admin"),
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed"), POLICY_LIMITS, ids=lambda value: str(value)[:40]
)
def test_policy(acme: Team, method: str, path: str, body: Any, allowed: str) -> None:
    given = None if body is None else json.loads(json.dumps(body).replace("{customer}", acme.id))

    seen = {
        name: caller.send(method.upper(), path, given, base=BASE).status_code
        for name, caller in callers(acme).items()
    }

    may = {name for name, status in seen.items() if status == 200}
    assert may == set(allowed.split())
    assert {status for name, status in seen.items() if name not in may} <= {401, 403, 404}
    assert seen["nobody"] == (200 if allowed is EVERYONE else 401)


def test_a_service_key_consumes_for_its_own_customer_alone(acme: Team) -> None:
    made, secret = keys.create_api_key(
        account_id=acme.account.pk, scopes=["usage:write"], now=LONG_AGO
    )
    bound = Api({"api-key": made.key, "api-secret": secret})
    body = {"serviceName": "ai-api", "featureKey": "tokens"}

    mine = bound.post("/limits/consume", {**body, "customerId": acme.id}, base=BASE)
    other = bound.post("/limits/consume", {**body, "customerId": team().id}, base=BASE)

    assert (mine.status_code, other.status_code) == (200, 403)
