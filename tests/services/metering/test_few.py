"""Few events in one round trip: their sums are as exact as those of many."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.metering.models import UsageBucket
from billing.metering.record import record
from tests import factories
from tests.services.metering.conftest import JUNE, make_metered

LARGEST = "999999999999999.999999999999"

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_counter_of_many_buckets_loses_no_digit() -> None:
    metered = make_metered()
    meter = metered.meters["SUM"]
    events = [factories.usage(meter, JUNE, LARGEST, resource_id=f"r{at}") for at in range(20)]

    recorded = record([factories.batch(metered.account, *events)])

    assert recorded == [[True] * 20]
    assert UsageBucket.objects.filter(total=Decimal(LARGEST)).count() == 20
    assert metered.total() == Decimal("19999999999999999.999999999980")
