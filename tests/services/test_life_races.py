"""A subscription's owner and the billing run at one instant: either goes first, both are right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from billing.models import Segment, Subscription, SubscriptionPeriod
from billing.subscriptions.changing import When, change_plan
from billing.subscriptions.ending import cancel_subscription, reactivate_subscription
from billing.subscriptions.pausing import pause_subscription, resume_subscription
from billing.subscriptions.services import create_subscription
from invoicing import run
from invoicing.models import Invoice
from invoicing.verification import verify
from tests import factories
from tests.services.threads import at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

APRIL = datetime(2025, 4, 1, tzinfo=UTC)
MAY = datetime(2025, 5, 1, tzinfo=UTC)
LATER = MAY + timedelta(hours=2)


def subscribed(**version: Any) -> Subscription:
    account = factories.account()
    plan = factories.plan_version(price_minor=3000, **version)
    return create_subscription(account_id=account.id, plan_ref=str(plan.id), now=APRIL)


def of(subscription: Subscription) -> dict[str, Any]:
    return {"account_id": UUID(str(subscription.account_id)), "subscription_id": subscription.id}


def runs(subscription: Subscription) -> Any:
    return lambda: run.run_account(account_id=of(subscription)["account_id"], now=LATER)


@pytest.mark.parametrize("pay_in_advance", [False, True])
@pytest.mark.parametrize("when", [When.NOW, When.PERIOD_END])
def test_a_change_of_plan_while_the_run_closes_the_period(when: When, pay_in_advance: bool) -> None:
    subscription = subscribed(pay_in_advance=pay_in_advance)
    other = factories.plan_version(price_minor=9000, pay_in_advance=pay_in_advance)

    def change() -> None:
        change_plan(**of(subscription), plan_ref=str(other.id), when=when, now=LATER)

    outcomes = at_once([change, runs(subscription), runs(subscription)])
    run.run_account(account_id=of(subscription)["account_id"], now=LATER)

    assert outcomes == ["done"] * 3
    periods = SubscriptionPeriod.objects.filter(subscription=subscription).order_by("sequence")
    assert [period.start_at for period in periods] == [APRIL, MAY]
    assert Segment.objects.filter(subscription=subscription, end_at=None).count() == 1
    assert Invoice.objects.filter(subscription=subscription, period__start_at=APRIL).exists()
    assert list(map(str, verify(subscription.account_id))) == []


def test_a_cancellation_while_the_run_closes_the_period_leaves_one_last_invoice() -> None:
    subscription = subscribed()

    def cancel() -> None:
        cancel_subscription(**of(subscription), immediately=True, now=LATER)

    outcomes = at_once([cancel, cancel, runs(subscription), runs(subscription)])
    run.run_account(account_id=of(subscription)["account_id"], now=LATER + timedelta(hours=2))

    assert sorted(outcomes) == ["INVALID_TRANSITION", "done", "done", "done"]
    made = Invoice.objects.filter(subscription=subscription).values_list("period_start", "status")
    assert len(made) == len(dict(made)), "one invoice a period"
    assert list(map(str, verify(subscription.account_id))) == []


def test_of_many_who_pause_resume_and_come_back_at_once_each_state_has_one() -> None:
    subscription = subscribed(pay_in_advance=True)
    now = APRIL + timedelta(days=3)

    paused = at_once([lambda: pause_subscription(**of(subscription), now=now)] * 4)
    resumed = at_once([lambda: resume_subscription(**of(subscription), now=now)] * 4)
    cancel_subscription(**of(subscription), immediately=True, now=now)
    back = at_once([lambda: reactivate_subscription(**of(subscription), now=now)] * 4)

    once = ["INVALID_TRANSITION"] * 3 + ["done"]
    assert (sorted(paused), sorted(resumed), sorted(back)) == (once, once, once)
    assert list(map(str, verify(subscription.account_id))) == []
