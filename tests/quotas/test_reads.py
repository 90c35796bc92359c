"""GET /limits, /quotas and their usage: the shapes, and what is not there."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.conf import settings

from billing.kernel import clock
from billing.models import Plan
from customers.models import Membership
from tests.client import Api, error_of, json_of
from tests.quotas.scene import BASE, NOON, Team, address, consume, team, tier

LOOKUPS = {"value": 200, "window": "month", "description": "lookups of search-api"}
EXPORTS = {"value": 0, "window": "day", "description": "exports of search-api"}
TOKENS = {"value": -1, "window": "month", "description": "tokens of ai-api"}
MINUTE = int(NOON.timestamp()) // 60 * 60 + 60


def test_limits_are_the_rates_by_service_and_feature(acme: Team) -> None:
    assert json_of(acme.get("/limits")) == {
        "customerId": acme.id,
        "tierName": "Pro",
        "limits": {
            "ai-api": {"tokens": TOKENS},
            "search-api": {"exports": EXPORTS, "lookups": LOOKUPS},
        },
    }
    assert json_of(acme.get("/limits/search-api")) == {
        "customerId": acme.id,
        "tierName": "Pro",
        "serviceName": "search-api",
        "limits": {"exports": EXPORTS, "lookups": LOOKUPS},
    }
    assert json_of(acme.get("/limits/search-api/lookups")) == {
        "customerId": acme.id,
        "tierName": "Pro",
        "serviceName": "search-api",
        "featureKey": "lookups",
        **LOOKUPS,
    }


def test_quotas_are_the_standing_ones_and_have_no_window(acme: Team) -> None:
    projects = {"value": 3, "description": "projects of storage"}

    answer = json_of(acme.get("/quotas"))

    assert (answer["customerId"], answer["tierName"]) == (acme.id, "Pro")
    assert set(answer["quotas"]) == {"billing", "storage"}
    assert answer["quotas"]["storage"]["projects"] == projects
    assert json_of(acme.get("/quotas/storage")) == {
        "customerId": acme.id,
        "tierName": "Pro",
        "serviceName": "storage",
        "quotas": answer["quotas"]["storage"],
    }
    assert json_of(acme.get("/quotas/storage/projects")) == {
        "customerId": acme.id,
        "tierName": "Pro",
        "serviceName": "storage",
        "featureKey": "projects",
        **projects,
    }


@pytest.mark.parametrize(
    "path",
    [
        "/limits/storage",
        "/limits/nothing",
        "/limits/search-api/nothing",
        "/limits/storage/projects",
        "/quotas/search-api",
        "/quotas/storage/nothing",
        "/quotas/search-api/lookups",
        "/limits/search%2Fapi/lookups/more",
    ],
)
def test_what_the_tier_does_not_have_is_not_there(acme: Team, path: str) -> None:
    assert acme.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/limits", "/limits/a", "/limits/a/b", "/limits/usage", "/usage", "/quotas", "/quotas/usage"],
)
def test_without_a_subscription_or_a_team_there_is_nothing(db: None, path: str) -> None:
    acme = team(subscribed=False)

    assert error_of(acme.get(path)) == (404, "NO_ACTIVE_SUBSCRIPTION")
    assert error_of(Api.of().get(path, base=BASE)) == (404, "NO_CUSTOMER")
    assert error_of(Api().get(path, base=BASE)) == (401, "NOT_AUTHENTICATED")


@pytest.mark.parametrize("name", ["a.b", "100%", "%2F", "a b", "ünï", "x" * 200, "a:b", "..."])
def test_a_name_of_any_letters_is_found_by_its_path(db: None, name: str) -> None:
    acme = team((name, name, 5, "day"))

    found = json_of(acme.get(f"/limits/{quote(name, safe='')}/{quote(name, safe='')}"))

    assert (found["serviceName"], found["featureKey"], found["value"]) == (name, name, 5)


def test_usage_lists_every_rate_also_those_without_use(db: None, service: Api) -> None:
    acme = team(
        ("ai", "calls", 10, "minute"), ("ai", "more", -1, "hour"), ("b", "c", 0, "day"), at=NOON
    )
    used = {"customerId": acme.id, "serviceName": "ai", "featureKey": "calls", "amount": 10}
    json_of(consume(service, used))

    answer = json_of(acme.get("/limits/usage"))

    user = str(acme.people["user"])
    whose = {"identifier": user, "identifierType": "user", "tierName": "Pro"}
    calls = {"currentUsage": 10, "limit": 10, "remaining": 0, "resetAt": MINUTE, "isLocked": True}
    more = {"currentUsage": 0, "limit": -1, "remaining": -1, "isLocked": False}
    off = {"currentUsage": 0, "limit": 0, "remaining": 0, "isLocked": True}
    hour, day = MINUTE - 60 + 3600, MINUTE - 60 + 12 * 3600
    assert answer == {
        "identifier": user,
        "identifierType": "user",
        "totalFeatures": 3,
        "fetchedAt": int(NOON.timestamp()),
        "services": {
            "ai": {
                "serviceName": "ai",
                "features": [
                    {**whose, "featureKey": "calls", "window": "minute", **calls},
                    {**whose, "featureKey": "more", "window": "hour", **more, "resetAt": hour},
                ],
            },
            "b": {
                "serviceName": "b",
                "features": [{**whose, "featureKey": "c", "window": "day", **off, "resetAt": day}],
            },
        },
    }
    assert json_of(acme.get("/usage")) == answer


def test_usage_of_quotas_never_resets_and_counts_the_team_as_it_is(
    acme: Team, service: Api
) -> None:
    body = {"customerId": acme.id, "serviceName": "storage", "featureKey": "projects"}
    json_of(consume(service, body))
    Membership.objects.filter(user_id=acme.people["teamadmin"]).delete()

    answer = json_of(acme.get("/quotas/usage", "owner"))

    rows = {
        row["featureKey"]: row for one in answer["services"].values() for row in one["features"]
    }
    whose = {"identifier": str(acme.people["owner"]), "identifierType": "user", "tierName": "Pro"}
    assert answer["totalFeatures"] == 4
    assert rows["projects"] == {
        **whose,
        "featureKey": "projects",
        "currentUsage": 1,
        "limit": 3,
        "remaining": 2,
        "resetAt": 0,
        "isLocked": False,
    }
    assert [rows["members"][name] for name in ("currentUsage", "remaining")] == [2, 3]
    assert [rows["buckets"][name] for name in ("remaining", "isLocked")] == [-1, False]
    assert [rows["vaults"][name] for name in ("remaining", "isLocked")] == [0, True]


def test_usage_is_never_less_than_nothing_left(acme: Team, service: Api) -> None:
    body = {"customerId": acme.id, "serviceName": "search-api", "featureKey": "lookups"}
    json_of(consume(service, {**body, "amount": 200}))
    acme.plan.limits.filter(feature_key="lookups").update(value=10)

    rows = json_of(acme.get("/limits/usage"))["services"]["search-api"]["features"]

    lookups = next(row for row in rows if row["featureKey"] == "lookups")
    assert (lookups["currentUsage"], lookups["remaining"], lookups["isLocked"]) == (200, 0, True)


class TestAddresses:
    """What is open to all: the tier named Public, and the use of the caller's own address."""

    @pytest.mark.parametrize("path", ["/limits/ip", "/limits/ip/search-api", "/limits/usage/ip"])
    def test_without_a_public_tier_it_is_an_empty_object(self, db: None, path: str) -> None:
        tier(("search-api", "lookups", 5, "day"), name="public")
        Plan.objects.filter(pk=tier(("a", "b", 5, "day"), name="Public").pk).update(is_active=False)

        assert json_of(Api().get(path, base=BASE)) == {}

    def test_the_public_tiers_rates_are_shown(self, db: None) -> None:
        tier(("search-api", "lookups", 5, "day"), ("storage", "projects", 3, ""), name="Public")
        lookups = {"lookups": {"value": 5, "window": "day", "description": "lookups of search-api"}}

        assert json_of(Api().get("/limits/ip", base=BASE)) == {
            "tierName": "Public",
            "ipLimits": {"search-api": lookups},
        }
        assert json_of(Api().get("/limits/ip/search-api", base=BASE)) == {
            "tierName": "Public",
            "serviceName": "search-api",
            "ipLimits": lookups,
        }
        assert error_of(Api().get("/limits/ip/storage", base=BASE)) == (404, "NOT_FOUND")

    def test_credentials_are_not_looked_at(self, db: None) -> None:
        broken = Api({"Authorization": "Bearer nonsense"})

        assert json_of(broken.get("/limits/ip", base=BASE)) == {}

    def test_the_callers_address_is_the_one_that_the_trusted_proxy_saw(
        self, db: None, service: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(settings.BILLING, "BILLING_TRUSTED_PROXIES", 1)
        tier(("search-api", "lookups", 5, "month"), name="Public")
        mine = address()
        body = {"ip": mine, "serviceName": "search-api", "featureKey": "lookups", "amount": 2}
        json_of(consume(service, body))

        seen = Api().get("/limits/usage/ip", base=BASE, X_Forwarded_For=f"1.2.3.4, {mine}")
        answer = json_of(seen)

        assert (answer["identifier"], answer["identifierType"]) == (mine, "ip")
        (row,) = answer["services"]["search-api"]["features"]
        assert (row["identifier"], row["currentUsage"], row["remaining"]) == (mine, 2, 3)
        assert abs(answer["fetchedAt"] - clock.now().timestamp()) < 60

    def test_without_trusted_proxies_a_spoofed_address_is_not_read(self, db: None) -> None:
        tier(("search-api", "lookups", 5, "month"), name="Public")

        seen = Api().get("/limits/usage/ip", base=BASE, X_Forwarded_For="1.2.3.4")

        assert json_of(seen)["identifier"] == "127.0.0.1"
