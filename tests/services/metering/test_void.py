"""Voiding takes an event out of every sum, exactly, and keeps it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.kernel.errors import NotFound
from billing.metering.models import UsageEvent
from billing.metering.read import quantity_of
from billing.metering.verify import verify
from billing.metering.void import void_event
from billing.models import AuditEntry
from tests import factories
from tests.services.metering.conftest import JUNE, Metered

AT = JUNE + timedelta(days=3, minutes=5)
NOW = AT + timedelta(days=1)


def void(metered: Metered, event_id: str) -> bool:
    return void_event(account_id=metered.account.id, event_id=event_id, now=NOW)


@pytest.mark.parametrize(
    ("aggregation", "left"), [("SUM", "7"), ("COUNT", "2"), ("MAX", "5"), ("LATEST", "2")]
)
def test_a_voided_event_no_longer_counts(metered: Metered, aggregation: str, left: str) -> None:
    meter = metered.meters[aggregation]
    for number, quantity in enumerate(["5", "2", "9"]):
        at = AT + timedelta(minutes=number)
        metered.record(factories.usage(meter, at, quantity, event_id=quantity))

    assert void(metered, "9")

    assert quantity_of(aggregation, metered.counter(aggregation)) == Decimal(left)
    assert verify(metered.account.id) == []
    assert UsageEvent.objects.get(event_id="9").voided_at == NOW
    assert AuditEntry.objects.get(action="usage.voided").subject == "9"


def test_a_distinct_value_goes_with_its_last_event(metered: Metered) -> None:
    meter = metered.meters["UNIQUE"]
    for number, hours in enumerate((0, 0, 30)):
        at = AT + timedelta(hours=hours)
        metered.record(factories.usage(meter, at, event_id=str(number), user_id="ann"))
    counts = []

    for number in range(3):
        void(metered, str(number))
        counts.append(metered.counter("UNIQUE").distinct_values)
        assert verify(metered.account.id) == []

    assert counts == [1, 1, 0]


@pytest.mark.parametrize("aggregation", ["MAX", "LATEST"])
def test_with_the_last_event_the_extremes_go_back_to_nothing(
    metered: Metered, aggregation: str
) -> None:
    metered.record(factories.usage(metered.meters[aggregation], AT, "5", event_id="only"))

    void(metered, "only")

    assert quantity_of(aggregation, metered.counter(aggregation)) == 0
    assert verify(metered.account.id) == []


def test_voiding_again_changes_nothing(metered: Metered) -> None:
    metered.record(factories.usage(metered.meters["SUM"], AT, event_id="x"))
    void(metered, "x")
    before = metered.counter("SUM")

    assert void(metered, "x") is False

    assert metered.counter("SUM") == before
    assert AuditEntry.objects.filter(action="usage.voided").count() == 1


def test_a_voided_id_stays_taken(metered: Metered) -> None:
    event = factories.usage(metered.meters["SUM"], AT)
    metered.record(event)
    void(metered, event.event_id)

    assert metered.record(event) == [False]
    assert metered.total() == 0


@pytest.mark.parametrize("of_another", [True, False])
def test_an_event_that_is_not_there_is_not_found(metered: Metered, of_another: Any) -> None:
    metered.record(factories.usage(metered.meters["SUM"], AT, event_id="mine"))
    account = factories.account() if of_another else metered.account

    with pytest.raises(NotFound):
        void_event(account_id=account.id, event_id="mine" if of_another else "no", now=NOW)

    assert metered.total() == 1


def test_usage_of_no_subscription_can_be_voided(metered: Metered) -> None:
    before = JUNE - timedelta(days=1)
    metered.record(factories.usage(metered.meters["MAX"], before, event_id="early"))

    assert void(metered, "early")
    assert verify(metered.account.id) == []
