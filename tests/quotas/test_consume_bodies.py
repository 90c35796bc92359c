"""POST /limits/consume: what its body may say, and what an address uses."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.errors import InvalidRequest
from billing.models import Plan
from quotas.api.portal.consume import _checked, _quick
from tests.client import Api, error_of, fields_of, json_of
from tests.quotas.scene import Team, address, consume, tier

RATE = {"serviceName": "search-api", "featureKey": "lookups"}


def used(acme: Team) -> int:
    services = json_of(acme.get("/limits/usage"))["services"]
    rows = {row["featureKey"]: row["currentUsage"] for row in services["search-api"]["features"]}
    return int(rows["lookups"])


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"amount": 0}, ["amount"]),
    ({"amount": 1.5}, ["amount"]),
    ({"amount": "1"}, ["amount"]),
    ({"amount": True}, ["amount"]),
    ({"amount": None}, ["amount"]),
    ({"amount": 2**63 - 1}, ["amount"]),
    ({"amount": -(2**63)}, ["amount"]),
    ({"amount": 10**15 + 1}, ["amount"]),
    ({"serviceName": ""}, ["serviceName"]),
    ({"serviceName": 5}, ["serviceName"]),
    ({"featureKey": "x" * 256}, ["featureKey"]),
    ({"featureKey": "a\x00b"}, ["featureKey"]),
    ({"userId": "me"}, ["userId"]),
    ({"customerId": "acme"}, ["customerId"]),
    ({"customerId": None}, ["customerId"]),
    ({"ip": "192.0.2.1"}, ["customerId"]),
    ({"dryRun": "yes"}, ["dryRun"]),
    ({"dryrun": True}, ["dryrun"]),
    ({"amount": 0, "userId": "me"}, ["userId"]),
]


@pytest.mark.parametrize(("change", "fields"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_named_and_counts_nothing(
    acme: Team, service: Api, change: dict[str, Any], fields: list[str]
) -> None:
    refused = consume(service, {"customerId": acme.id, **RATE, **change})

    assert fields_of(refused) == fields
    assert used(acme) == 0


@pytest.mark.parametrize("ip", ["fe80::1%eth0", "1.2.3", "", "example.com", 7])
def test_an_ip_is_an_address_without_a_zone(db: None, service: Api, ip: object) -> None:
    assert fields_of(consume(service, {"ip": ip, **RATE})) == ["ip"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null"])
def test_a_body_that_is_no_object_is_refused(acme: Team, service: Api, body: bytes) -> None:
    refused = service.send("POST", "/limits/consume", raw=body, base="/api/billing/v1")

    assert refused.status_code == 400


def test_a_number_of_many_digits_is_refused(acme: Team, service: Api) -> None:
    for digits in ("1e3", "1.0", "9" * 70, "1e999999999"):
        raw = json.dumps({"customerId": acme.id, **RATE})[:-1] + f', "amount": {digits}}}'
        refused = service.send("POST", "/limits/consume", raw=raw.encode(), base="/api/billing/v1")
        assert refused.status_code == 400
    assert used(acme) == 0


ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**16), 10**16),
    st.text(max_size=5),
    st.sampled_from(["a" * 256, "a b", " ", "\x00", "\ud800", "ü", str(uuid4()), uuid4().hex]),
    st.lists(st.integers(), max_size=1),
)
FIELDS = st.sampled_from(
    ["customerId", "ip", "userId", "serviceName", "featureKey", "amount", "dryRun", "other"]
)


@given(st.dictionaries(FIELDS, ANY, max_size=3), st.booleans())
def test_what_is_read_quickly_is_what_the_rules_read(
    change: dict[str, Any], from_good: bool
) -> None:
    good = {"customerId": str(UUID(int=7)), "serviceName": "a", "featureKey": "b", "amount": 3}
    body = {**good, **change} if from_good else change

    quick = _quick(body)

    if quick is not None:
        assert quick == _checked(body)


def test_the_usual_is_read_quickly_and_a_refusal_is_not() -> None:
    good = {"customerId": str(UUID(int=7)), "serviceName": "a", "featureKey": "b"}

    assert _quick(good) == _checked(good)
    assert _quick({**good, "amount": 0}) is None
    with pytest.raises(InvalidRequest):
        _checked({**good, "amount": 0})


class TestAddresses:
    """What an address uses counts against the tier named Public."""

    @pytest.fixture
    def public(self, db: None) -> Plan:
        return tier(
            ("search-api", "lookups", 2, "hour"),
            ("search-api", "exports", 0, "hour"),
            ("storage", "projects", 3, ""),
            name="Public",
        )

    def test_each_address_has_its_own_count(self, public: Plan, service: Api) -> None:
        one, other = address(), address()

        mine = [consume(service, {"ip": one, **RATE}).status_code for _ in range(3)]
        theirs = json_of(consume(service, {"ip": other, **RATE}))

        assert mine == [200, 200, 429]
        assert theirs["remaining"] == 1

    def test_a_mapped_address_is_the_address(self, public: Plan, service: Api) -> None:
        one = address()
        json_of(consume(service, {"ip": one, **RATE}))

        assert json_of(consume(service, {"ip": f"::ffff:{one}", **RATE}))["remaining"] == 0

    def test_neighbours_in_a_64_share_a_count(self, public: Plan, service: Api) -> None:
        net = f"2001:db8:{uuid4().int % 65536:x}:{uuid4().int % 65536:x}"
        json_of(consume(service, {"ip": f"{net}::1", **RATE}))

        assert json_of(consume(service, {"ip": f"{net}:ffff::2", **RATE}))["remaining"] == 0

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (("search-api", "exports"), (403, "FEATURE_DISABLED")),
            (("search-api", "other"), (404, "NOT_FOUND")),
            (("storage", "projects"), (404, "NOT_FOUND")),
        ],
    )
    def test_the_public_tier_says_what_there_is(
        self, public: Plan, service: Api, names: tuple[str, str], expected: tuple[int, str]
    ) -> None:
        body = {"ip": address(), "serviceName": names[0], "featureKey": names[1]}

        assert error_of(consume(service, body)) == expected

    def test_without_a_public_tier_there_is_nothing(self, db: None, service: Api) -> None:
        assert error_of(consume(service, {"ip": address(), **RATE})) == (404, "NOT_FOUND")
