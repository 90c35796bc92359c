"""Who is refused by the administration leaves nothing behind. Who may: see test_policy."""

from __future__ import annotations

import json
from typing import Final
from uuid import UUID, uuid4

import pytest

from billing.accounts import keys
from billing.models import AuditEntry, Plan
from customers.models import Customer, Membership
from tests.api.portal.population import DAY, PORTAL, customer, tier
from tests.client import Api

SCOPES: Final = {
    "key:read": "billing:read",
    "key:write": "billing:write",
    "key:usage": "usage:write",
}


def by_key(user_id: UUID, scope: str, *roles: str) -> Api:
    made, secret = keys.create_api_key(user_id=user_id, roles=list(roles), scopes=[scope], now=DAY)
    return Api({"api-key": made.key, "api-secret": secret})


def callers(of: Customer) -> dict[str, Api]:
    """Make one of each. The keys with lesser scopes are of someone who is billing_admin too."""
    team = {
        name: Membership.objects.get(customer=of, role=role).user_id
        for role, name in enumerate(("owner", "teamadmin", "user"))
    }
    return {
        "stranger": Api.of(),
        **{name: Api.of(sub=user_id) for name, user_id in team.items()},
        "admin": Api.of("billing_admin"),
        "service": Api.of("service"),
        **{name: by_key(uuid4(), scope, "billing_admin") for name, scope in SCOPES.items()},
        "key:admin": by_key(uuid4(), "admin", "billing_admin"),
    }


@pytest.mark.django_db
def test_who_is_refused_changes_nothing() -> None:
    of, pro = customer(members=3), tier("Pro")
    refused = {name: one for name, one in callers(of).items() if "admin" not in name.split(":")}
    before = AuditEntry.objects.count()

    for caller in (Api(), *refused.values()):
        answer = caller.send("PUT", f"/admin/tiers/{pro.plan_id}/default", base=PORTAL)
        assert json.loads(answer.content)["error"]["code"] in {"FORBIDDEN", "NOT_AUTHENTICATED"}

    assert not Plan.objects.filter(is_default=True).exists()
    assert AuditEntry.objects.count() == before


@pytest.mark.django_db
def test_a_key_of_someone_without_the_role_gets_no_more_than_its_user() -> None:
    answer = by_key(uuid4(), "admin").get("/admin/customers", base=PORTAL)

    assert answer.status_code == 403
