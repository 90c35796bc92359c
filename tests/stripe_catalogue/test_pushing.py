"""Where ours leads, plans are products at Stripe."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.catalog.drafts import VersionDraft
from billing.catalog.services.plans import archive_plan, create_plan, update_plan
from billing.models import PlanVersion
from billing.stripe.catalogue.pushing import BY_HAND, push_all
from billing.stripe.catalogue.taking import sync_all
from billing.stripe.errors import StripeUnavailable
from billing.stripe.objects import StripeObjects

pytestmark = pytest.mark.django_db(transaction=True)


def plan(now: datetime, code: str = "pro", **terms: Any) -> PlanVersion:
    fields: dict[str, Any] = {"currency": "EUR", "interval": "QUARTER", "price": Decimal("9.90")}
    prices = VersionDraft(**fields | terms)
    return create_plan(code=code, details={"name": code.title()}, prices=prices, now=now)


def pushed(things: StripeObjects, now: datetime) -> list[tuple[str, str]]:
    return list(push_all(stripe=things, now=now))


def test_a_plan_is_a_product_with_a_price_once(
    things: StripeObjects, client: Any, now: datetime
) -> None:
    version = plan(now)

    first, again = pushed(things, now), pushed(things, now)

    (product,) = client.v1.products.list().data
    (price,) = client.v1.prices.list().data
    version.refresh_from_db()
    assert (first, again) == ([("pro", "made")], [("pro", "as it was")])
    assert (product.name, product.metadata["plan"]) == ("Pro", str(version.plan_id))
    assert (price.unit_amount, price.currency, price.recurring.interval_count) == (990, "eur", 3)
    assert version.stripe_price_id == price.id


def test_another_price_archives_the_one_before(
    things: StripeObjects, client: Any, now: datetime
) -> None:
    plan(now)
    pushed(things, now)

    update_plan(reference="pro", details={}, prices={"price": Decimal("12.00")}, now=now)
    outcome = pushed(things, now)

    rows = {row.unit_amount: row for row in client.v1.prices.list().data}
    assert outcome == [("pro", "changed")]
    assert (rows[990].active, rows[1200].active) == (False, True)
    assert PlanVersion.objects.newest().get().stripe_price_id == rows[1200].id
    assert pushed(things, now) == [("pro", "as it was")]


def test_an_archived_plan_is_an_archived_product(
    things: StripeObjects, client: Any, now: datetime
) -> None:
    plan(now)
    pushed(things, now)
    archive_plan(reference="pro", now=now)

    assert pushed(things, now) == [("pro", "archived")]
    assert client.v1.products.list().data[0].active is False


def test_a_price_that_was_named_by_hand_stays(
    things: StripeObjects, client: Any, now: datetime
) -> None:
    plan(now, stripe_price_id="price_elsewhere")

    assert pushed(things, now) == [("pro", BY_HAND)]
    assert client.v1.products.list().data == []


def test_what_was_pushed_is_not_taken_back_as_another_plan(
    things: StripeObjects, now: datetime
) -> None:
    plan(now)
    pushed(things, now)

    assert list(sync_all(stripe=things, now=now)) == []


def test_a_dry_run_says_it_and_does_nothing(
    things: StripeObjects, client: Any, now: datetime
) -> None:
    plan(now)

    assert list(push_all(stripe=things, now=now, dry=True)) == [("pro", "made")]
    assert client.v1.products.list().data == []


def test_a_dry_run_says_that_a_price_is_another(things: StripeObjects, now: datetime) -> None:
    plan(now)
    pushed(things, now)
    same = list(push_all(stripe=things, now=now, dry=True))

    update_plan(reference="pro", details={}, prices={"price": Decimal("12.00")}, now=now)

    assert same == [("pro", "as it was")]
    assert list(push_all(stripe=things, now=now, dry=True)) == [("pro", "changed")]


@pytest.mark.parametrize("path", ["/v1/products$", "/v1/prices$"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "500_before", "500_after", "429"])
def test_a_failure_on_the_way_is_mended_by_the_next_push(
    things: StripeObjects, client: Any, stripe_sandbox: Any, now: datetime, path: str, kind: str
) -> None:
    version = plan(now)
    stripe_sandbox.faults.plan({"kind": kind, "path": path, "method": "POST"})

    with pytest.raises(StripeUnavailable):
        pushed(things, now)
    pushed(things, now)

    version.refresh_from_db()
    assert len(client.v1.products.list().data) == 1
    assert [row.id for row in client.v1.prices.list().data] == [version.stripe_price_id]
