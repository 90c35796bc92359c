"""Who may do what on surface A, as one table: each endpoint against each caller, own and another's.

A row is a method, a path, a body, and what each caller meets where the ids of the path are the own
customer's, and where they are another's. Whoever adds an endpoint adds its row.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

import pytest

from billing.accounts import keys
from customers.models import Customer, Membership, Role
from tests import factories
from tests.api.portal.conftest import Team, make_team
from tests.architecture.test_endpoints import ENDPOINTS
from tests.client import PORTAL, Api
from tests.services.doomed import NOW

SCOPES: Final = ("billing:read", "billing:write", "usage:write", "admin")
CALLERS: Final = (
    *("nobody", "stranger", "user", "admin", "owner", "billing_admin", "service"),
    *(f"owner's key {scope}" for scope in SCOPES),
    *(f"billing_admin's key {scope}" for scope in SCOPES),
)
# Of each caller, in this order: A is allowed (a refused body is an allowed caller's), F a 403,
# H a 404, U a 401. Columns: people, the owner's keys, keys of a billing_admin without a team.
ALL: Final = "AAAAAAA AAAA AAAA"
PERSON: Final = "UAAAAAA FAFA FAFA"
MEMBER_READS: Final = "UHAAAHH AAFA HHFH"
MEMBER_WRITES: Final = "UHAAAHH FAFA FHFH"
TEAM_ADMIN_READS: Final = "UHFAAHH AAFA HHFH"
TEAM_ADMIN_WRITES: Final = "UHFAAHH FAFA FHFH"
NO_MEMBER_OF_OURS: Final = "UHFHHHH FHFH FHFH"
OWNER_READS: Final = "UHFFAHH AAFA HHFH"
OWNER_WRITES: Final = "UHFFAHH FAFA FHFH"
STAFF: Final = "UFFFFAF FFFF FFFA"

NO_ID: Final = ""
POLICY: Final[list[tuple[str, str, Any, str, str]]] = [
    ("POST", "/customer", {}, PERSON, NO_ID),
    ("GET", "/customer", None, MEMBER_READS, NO_ID),
    ("DELETE", "/customer", None, OWNER_WRITES, NO_ID),
    ("DELETE", "/customer/leave", None, MEMBER_WRITES, NO_ID),
    ("GET", "/customer/tier", None, MEMBER_READS, NO_ID),
    ("GET", "/customer/members", None, TEAM_ADMIN_READS, NO_ID),
    ("POST", "/customer/member", {}, TEAM_ADMIN_WRITES, NO_ID),
    ("PUT", "/customer/member", {}, TEAM_ADMIN_WRITES, NO_ID),
    ("DELETE", "/customer/member/{userID}", None, TEAM_ADMIN_WRITES, NO_MEMBER_OF_OURS),
    ("POST", "/customer/transfer-ownership", {}, OWNER_WRITES, NO_ID),
    ("GET", "/admin/tiers", None, STAFF, NO_ID),
    ("PUT", "/admin/tiers/{tierID}/default", {}, STAFF, STAFF),
    ("GET", "/admin/billing/status", None, STAFF, NO_ID),
    ("GET", "/admin/customers", None, STAFF, NO_ID),
    ("GET", "/admin/customer/{customerID}", None, STAFF, STAFF),
    ("DELETE", "/admin/customer/{customerID}", None, STAFF, STAFF),
    ("GET", "/admin/customer/{customerID}/members", None, STAFF, STAFF),
    ("POST", "/admin/customer/{customerID}/member", {}, STAFF, STAFF),
    ("DELETE", "/admin/customer/{customerID}/member/{userID}", None, STAFF, STAFF),
    ("GET", "/stripe/customer", None, OWNER_READS, NO_ID),
    ("POST", "/stripe/upgrade", {}, OWNER_WRITES, NO_ID),
    ("POST", "/stripe/payment-method", {}, OWNER_WRITES, NO_ID),
    ("POST", "/stripe/webhook", {}, ALL, NO_ID),
]
CASES: Final = [
    pytest.param(method, path, body, profile, place, id=f"{method} {path} {place}")
    for method, path, body, own, others in POLICY
    for place, profile in (("own", own), ("another's", others))
    if profile
]


def key(user: Any, scope: str, *roles: str) -> Api:
    made, secret = keys.create_api_key(user_id=user, roles=list(roles), scopes=[scope], now=NOW)
    return Api({"api-key": made.key, "api-secret": secret}, PORTAL)


def caller_of(team: Team, name: str) -> Api:
    people = {
        "nobody": lambda: Api({}, PORTAL),
        "stranger": Api.on_portal,
        "user": lambda: team.user,
        "admin": lambda: team.admin,
        "owner": lambda: team.owner,
        "billing_admin": lambda: team.staff,
        "service": lambda: Api.on_portal("service"),
    }
    if name in people:
        return people[name]()
    whose, _, scope = name.partition("'s key ")
    if whose == "owner":
        return key(team.ids["owner"], scope)
    return key(uuid4(), scope, "billing_admin")


def ids_of(customer: Customer) -> dict[str, Any]:
    member = Membership.objects.filter(customer=customer, role=Role.USER).latest("id")
    tier = factories.plan_version().plan_id
    return {"customerID": customer.pk, "userID": member.user_id, "tierID": tier}


def verdict(status: int) -> str:
    return {401: "U", 403: "F", 404: "H"}.get(status, "A")


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "body", "profile", "place"), CASES)
def test_policy(method: str, path: str, body: Any, profile: str, place: str) -> None:
    seen = {}
    for name in CALLERS:
        team = make_team()  # each finds a whole one, with a tier
        factories.seats(team.customer, 100)
        other = factories.customer(Role.USER)
        where = path.format(**ids_of(team.customer if place == "own" else other))
        seen[name] = verdict(caller_of(team, name).send(method, where, body).status_code)

    assert seen == dict(zip(CALLERS, profile.replace(" ", ""), strict=True))


def test_every_endpoint_of_the_surface_has_its_row() -> None:
    """Those of limits have theirs in `policy_limits`."""
    routed = {
        (method, f"/{path.replace('<str:', '{').replace('>', '}')}")
        for path, view in ENDPOINTS.items()
        if path.startswith(PORTAL.lstrip("/")) and not view.__module__.startswith("quotas.")
        for method in view.needs
    }

    rows = [(method, PORTAL + path) for method, path, *_ in POLICY]
    assert len(rows) == len(set(rows))
    assert routed == set(rows)


def test_a_path_with_an_id_is_tried_with_anothers_too() -> None:
    forgotten = [path for _, path, _, _, others in POLICY if ("{" in path) != bool(others)]

    assert forgotten == []
