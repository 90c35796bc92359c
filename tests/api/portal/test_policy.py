"""Who may do what on surface A, as one table: each endpoint against each caller, own and another's.

A row is a method, a path, a body, and what each caller meets where the ids of the path are the own
customer's, and where they are another's. Whoever adds an endpoint adds its row.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

import pytest

from billing.accounts import keys
from billing.models import PlanLimit, Subscription
from customers.models import Customer, Membership, Role
from tests import database, factories
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

PRODUCERS: Final = "UFFFFAA FFAF FFAA"
NO_PRODUCER_OF_OURS: Final = "UFFFFAA FFFF FFAA"

NO_ID: Final = ""
LIMIT: Final = {"customerId": "{customerID}", "serviceName": "ai-api", "featureKey": "tokens"}
SOMEBODY: Final = "?userId=019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a22"
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
    ("GET", "/limits", None, MEMBER_READS, NO_ID),
    ("GET", "/limits/{service_name}", None, MEMBER_READS, NO_ID),
    ("GET", "/limits/{service_name}/{feature_key}", None, MEMBER_READS, NO_ID),
    ("GET", "/limits/usage", None, MEMBER_READS, NO_ID),
    ("GET", "/usage", None, MEMBER_READS, NO_ID),
    ("GET", f"/limits/usage/users{SOMEBODY}", None, STAFF, NO_ID),
    ("GET", "/limits/ip", None, ALL, NO_ID),
    ("GET", "/limits/ip/{service_name}", None, ALL, NO_ID),
    ("GET", "/limits/usage/ip", None, ALL, NO_ID),
    ("GET", "/quotas", None, MEMBER_READS, NO_ID),
    ("GET", "/quotas/{service_name}", None, MEMBER_READS, NO_ID),
    ("GET", "/quotas/{service_name}/{feature_key}", None, MEMBER_READS, NO_ID),
    ("GET", "/quotas/usage", None, MEMBER_READS, NO_ID),
    ("GET", f"/quotas/usage/users{SOMEBODY}", None, STAFF, NO_ID),
    ("POST", "/limits/consume", LIMIT, PRODUCERS, NO_PRODUCER_OF_OURS),
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
    ids = {"customerID": customer.pk, "userID": member.user_id, "tierID": tier}
    return {**ids, "service_name": "ai-api"}


def add_limits(customer: Customer) -> None:
    """Give the tier of a customer a rate and a standing quota."""
    plan = Subscription.objects.get(account_id=customer.pk).plan_version.plan
    for feature, window in (("tokens", "month"), ("projects", "")):
        PlanLimit.objects.create(
            plan=plan, service_name="ai-api", feature_key=feature, value=100, window=window
        )


def filled(body: Any, ids: dict[str, Any]) -> Any:
    return body and {name: text.format(**ids) for name, text in body.items()}


def verdict(status: int) -> str:
    return {401: "U", 403: "F", 404: "H"}.get(status, "A")


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "body", "profile", "place"), CASES)
def test_policy(method: str, path: str, body: Any, profile: str, place: str) -> None:
    team, other = make_team(), factories.customer(Role.USER)
    for customer in (team.customer, other):
        factories.seats(customer, 100)
        add_limits(customer)
    ids = ids_of(team.customer if place == "own" else other)
    ids["feature_key"] = "projects" if path.startswith("/quotas") else "tokens"
    where, sent = path.format(**ids), filled(body, ids)

    seen = {}
    for name in CALLERS:
        with database.undone():  # each finds a whole team, with a tier
            seen[name] = verdict(caller_of(team, name).send(method, where, sent).status_code)

    assert seen == dict(zip(CALLERS, profile.replace(" ", ""), strict=True))


def test_every_endpoint_of_the_surface_has_its_row() -> None:
    routed = {
        (method, f"/{path.replace('<str:', '{').replace('>', '}')}")
        for path, view in ENDPOINTS.items()
        if path.startswith(PORTAL.lstrip("/"))
        for method in view.needs
    }

    rows = [(method, PORTAL + path.partition("?")[0]) for method, path, *_ in POLICY]
    assert len(rows) == len(set(rows))
    assert routed == set(rows)


def test_a_path_with_an_id_is_tried_with_anothers_too() -> None:
    forgotten = [
        path for _, path, body, _, others in POLICY if ("ID}" in f"{path} {body}") != bool(others)
    ]

    assert forgotten == []
