"""A token is verified once: what it lets its holder do is looked up with each request."""

from __future__ import annotations

from datetime import timedelta

import time_machine

from billing.kernel import clock
from customers.models import Membership
from tests.client import Api, error_of, json_of
from tests.quotas.scene import Team


def test_who_has_left_is_nobody_with_the_token_that_was_good(acme: Team) -> None:
    member = Api.on_portal(sub=acme.people["user"])
    assert json_of(member.get("/limits"))["tierName"] == "Pro"

    Membership.objects.filter(user_id=acme.people["user"]).delete()

    assert error_of(member.get("/limits"))[0] == 404


def test_a_token_ends_while_it_is_remembered(db: None) -> None:
    now = clock.now()
    admin = Api.of("billing_admin", exp=int(now.timestamp()) + 60)
    assert admin.get("/tenants").status_code == 200

    with time_machine.travel(now + timedelta(seconds=61)):
        after = admin.get("/tenants")

    assert error_of(after)[0] == 401
