"""N redemptions are N, whoever redeems at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from billing.kernel.errors import BillingError
from billing.models import CreditGrant
from coupons import services
from coupons.models import Coupon, Redemption
from tests.scenarios.world import World

CREDIT = {"code": "Spring-10", "discountType": "CREDIT", "discountValue": "1", "currency": "USD"}


@pytest.fixture
def world() -> World:
    made = World()
    made.begin("2025-04-01T00:00:00Z")
    return made


def at_once(count: int, work: Any) -> list[str]:
    def one(number: int) -> str:
        try:
            work(number)
        except BillingError as error:
            return error.code
        finally:
            connection.close()
        return "redeemed"

    with ThreadPoolExecutor(max_workers=10) as pool:
        return sorted(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_of_fifty_tenants_ten_redeem_a_coupon_for_ten(world: World) -> None:
    world.post("/coupons", {**CREDIT, "maxRedemptions": 10}, status=201)
    tenants = [
        world.post("/tenants", {"name": "T", "testClockId": world.clock})["id"] for _ in range(50)
    ]
    now = datetime(2025, 4, 1, tzinfo=UTC)

    seen = at_once(
        50,
        lambda n: services.redeem_coupon(account_id=UUID(tenants[n]), code="spring-10", now=now),
    )

    assert seen == ["EXHAUSTED"] * 40 + ["redeemed"] * 10
    assert Coupon.objects.get().current_redemptions == 10
    assert Redemption.objects.count() == CreditGrant.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_tenant_redeems_once_however_often_it_asks_at_once(world: World) -> None:
    world.post("/coupons", CREDIT, status=201)
    now = datetime(2025, 4, 1, tzinfo=UTC)

    seen = at_once(
        8,
        lambda _: services.redeem_coupon(account_id=UUID(world.tenant), code="SPRING-10", now=now),
    )

    assert seen == ["ALREADY_REDEEMED"] * 7 + ["redeemed"]
    assert Redemption.objects.count() == 1
