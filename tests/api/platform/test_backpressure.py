"""A process that is full says so, with when to come again; nothing is half done."""

from __future__ import annotations

from typing import Any

import pytest

from billing.kernel import joint
from billing.metering.models import UsageEvent
from tenants.api.platform import recording
from tenants.metering.pressure import Slots
from tests.client import Api, error_of, json_of

pytestmark = pytest.mark.django_db
EVENT = {"metricType": "API_CALLS"}


def test_a_batch_that_finds_no_slot_is_told_when_to_come_again(
    admin: Api, tenant: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = Slots(limit=1, seconds=0.05)
    monkeypatch.setattr(recording, "BATCHES", slots)
    path = f"/tenants/{tenant['id']}/usage/batch"

    with slots.slot():
        refused = admin.post(path, [EVENT])
    taken = admin.post(path, [EVENT])

    assert error_of(refused) == (503, "SERVICE_UNAVAILABLE")
    assert int(refused["Retry-After"]) > 0
    assert json_of(taken, 201)["accepted"] == 1
    assert UsageEvent.objects.count() == 1


def test_a_slot_is_free_again_after_a_failure() -> None:
    slots = Slots(limit=1, seconds=0.05)

    for _ in range(3):
        with pytest.raises(ValueError, match="bad"), slots.slot():
            raise ValueError("bad")


@pytest.mark.django_db(transaction=True)
def test_an_event_that_finds_the_queue_full_is_told_when_to_come_again(
    admin: Api, tenant: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joint, "LIMIT_WAITING", 0)

    refused = admin.post(f"/tenants/{tenant['id']}/usage", EVENT)

    assert error_of(refused) == (503, "SERVICE_UNAVAILABLE")
    assert int(refused["Retry-After"]) > 0
    assert not UsageEvent.objects.exists()
