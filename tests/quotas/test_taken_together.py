"""Standing quotas that are asked for at the same time are taken by one thread, exactly."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from billing.models import PlanLimit
from quotas import standing
from quotas.models import QuotaUse, UserTally
from tests.api.door import Door
from tests.client import token
from tests.quotas.scene import BASE, NOON, Team, team

pytestmark = pytest.mark.django_db(transaction=True)

RATE = {"serviceName": "api", "featureKey": "calls"}


@pytest.fixture
def acme() -> Team:
    return team(("disk", "bytes", 10, ""), ("api", "calls", 5, "month"), at=NOON)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, acme: Team) -> Door:
    """Make the door; which is a quota and which a rate is known from before."""
    made = Door(f"{BASE}/limits/consume")
    assert made.call(asked(acme, 1))[0] == 200
    assert made.call(asked(acme, 1, **RATE))[0] == 200
    made.hold(monkeypatch, standing, "take_all")
    return made


def asked(acme: Team, amount: int, **more: Any) -> dict[str, Any]:
    given = {"customerId": acme.id, "serviceName": "disk", "featureKey": "bytes"}
    return {**given, "amount": amount, **more}


def test_each_is_answered_as_if_it_were_alone(door: Door, acme: Team) -> None:
    somebody = str(uuid4())

    answers = door.calls(
        asked(acme, 1),
        {"body": asked(acme, 2, userId=somebody), "HTTP_X_REQUEST_ID": "mine"},
        {"body": asked(acme, 0)},
        {"body": asked(acme, 3, customerId=str(uuid4()))},
        {"body": asked(acme, 4, dryRun=True)},
        {"body": asked(acme, 1), "HTTP_AUTHORIZATION": f"Bearer {token()}"},
        {"body": asked(acme, 1, colour="red")},
        {"body": asked(acme, 1), "CONTENT_TYPE": "text/plain"},
        {"body": {**asked(acme, 1), "customerId": None, "ip": "192.0.2.1"}},
        {"body": asked(acme, 7)},
        {"body": asked(acme, -1)},
        {"body": asked(acme, 7)},
    )

    assert [status for status, _, _ in answers] == [
        *(200, 400, 404, 200, 403, 400, 415, 404, 403, 200, 200)
    ]
    left = [body.get("remaining") for status, _, body in answers if status == 200]
    assert left == [6, 2, 7, 0]
    assert answers[8][2]["error"]["code"] == "QUOTA_EXCEEDED"
    assert (answers[8][2]["allowed"], answers[8][2]["remaining"]) == (False, 6)
    assert answers[0][1]["x-request-id"] == "mine"
    assert door.groups == [1, 5]
    assert QuotaUse.objects.get().used == 10
    assert UserTally.objects.get().total == 1


def test_what_has_become_a_rate_is_counted_as_one(door: Door, acme: Team) -> None:
    PlanLimit.objects.filter(service_name="disk").update(window="month", value=3)

    answers = door.calls(asked(acme, 1), *({"body": asked(acme, 2)} for _ in range(2)))

    assert sorted(status for status, _, _ in answers) == [200, 429]
    assert QuotaUse.objects.get().used == 1  # from before: the rate is spent in Valkey


def test_rates_do_not_stand_in_line(door: Door, acme: Team) -> None:
    (answer,) = door.calls(asked(acme, 1), {"body": asked(acme, 2, **RATE)}, waiting=0)

    assert (answer[0], answer[2]["remaining"]) == (200, 2)
    assert door.groups == [1]


def test_a_failure_of_all_is_told_to_each(
    door: Door, acme: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = standing.take_all

    def fails(group: Any) -> None:
        if door.groups:
            raise OperationalError("the server closed the connection")
        held(group)

    monkeypatch.setattr(standing, "take_all", fails)

    answers = door.calls(asked(acme, 1), {"body": asked(acme, 1)}, {"body": asked(acme, 0)})

    assert [status for status, _, _ in answers] == [503, 400]
    assert QuotaUse.objects.get().used == 2
