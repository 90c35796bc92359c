"""Many at once against one hard quota: exactly as much as fits, whoever asks and in which way."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from billing.kernel.errors import NotFound
from billing.metering.quotas import reservations, services
from billing.metering.quotas.errors import UsageQuotaExceeded
from billing.metering.quotas.state import states_of
from billing.metering.record import COPY_FROM, record
from billing.metering.verify import verify
from billing.metering.void import void_event
from billing.models import Meter, QuotaReservation, UsageEvent, UsageQuota
from tests import factories
from tests.quotas.processes import in_processes
from tests.services.metering.conftest import JUNE, Metered, make_metered
from tests.services.threads import at_once

NOW = JUNE + timedelta(hours=5)
LIMIT = 20


def quota_of(metered: Metered, limit: int = LIMIT, **given: Any) -> UsageQuota:
    draft = services.QuotaDraft(meter=metered.meters["SUM"], limit=Decimal(limit), **given)
    return services.create_quota(account_id=metered.account.pk, draft=draft, by_admin=True, now=NOW)


def used(quota: UsageQuota) -> tuple[Any, Any]:
    found = UsageQuota.objects.select_related("meter", "account").get(pk=quota.pk)
    (state,) = states_of([found], now=NOW)
    return state.used, state.reserved


def take(metered: Metered, quantity: str = "1", event_id: str | None = None) -> None:
    given = {} if event_id is None else {"event_id": event_id}
    event = factories.usage(metered.meters["SUM"], NOW, quantity, **given)
    batch = factories.batch(metered.account, event)
    record([batch])
    for refusal in batch.refused.values():
        raise refusal


def sum_of_events(metered: Metered) -> Decimal:
    of_meter = {"account_id": metered.account.pk, "meter_id": metered.meters["SUM"].pk}
    rows = UsageEvent.objects.filter(voided_at=None, **of_meter)
    return sum((row.quantity for row in rows), Decimal(0))


@pytest.mark.django_db(transaction=True)
def test_of_many_single_events_as_many_as_fit_are_taken() -> None:
    metered = make_metered()
    quota = quota_of(metered)

    outcomes = at_once([lambda: take(metered)] * 32)

    assert outcomes.count("done") == LIMIT
    assert outcomes.count("QUOTA_EXCEEDED") == 32 - LIMIT
    assert used(quota)[0] == sum_of_events(metered) == LIMIT


@pytest.mark.django_db(transaction=True)
def test_of_many_batches_as_many_events_as_fit_are_taken() -> None:
    metered = make_metered()
    quota = quota_of(metered, limit=500)
    accepted: list[int] = []

    def send() -> None:
        size = COPY_FROM + 36
        batch = factories.batch(
            metered.account, *[factories.usage(metered.meters["SUM"], NOW) for _ in range(size)]
        )
        (outcome,) = record([batch])
        accepted.append(sum(outcome))
        assert len(batch.refused) == size - sum(outcome)

    outcomes = at_once([send] * 8)

    assert outcomes == ["done"] * 8
    assert sum(accepted) == 500
    assert used(quota)[0] == sum_of_events(metered) == 500


def record_some(events: int, account_id: UUID, meter_id: int) -> int:
    """Record single events in this process; return how many were taken."""
    meter = Meter.objects.get(pk=meter_id)
    batches = [
        factories.batch(account_id, factories.usage(meter, NOW, event_id=str(uuid4())))
        for _ in range(events)
    ]
    return sum(sum(record([batch])[0]) for batch in batches)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_processes_together_take_as_many_as_fit() -> None:
    metered = make_metered()
    quota = quota_of(metered, limit=137)
    given = {"account_id": metered.account.pk, "meter_id": metered.meters["SUM"].pk}
    work = f"{__name__}.record_some", given

    taken = in_processes(str(connection.settings_dict["NAME"]), work, [30] * 6)

    assert sum(taken) == 137
    assert used(quota)[0] == sum_of_events(metered) == 137


@pytest.mark.django_db(transaction=True)
def test_of_many_reservations_as_many_as_fit_are_made() -> None:
    metered = make_metered()
    quota = quota_of(metered)

    def reserve() -> None:
        reservations.reserve(
            account_id=metered.account.pk,
            meter=metered.meters["SUM"],
            amount=Decimal(3),
            lifetime=timedelta(minutes=10),
            now=NOW,
        )

    outcomes = at_once([reserve] * 16)

    assert outcomes.count("done") == 6
    assert used(quota) == (0, 18)


@pytest.mark.django_db(transaction=True)
def test_the_same_event_sent_many_times_is_taken_once() -> None:
    metered = make_metered()
    quota = quota_of(metered)

    outcomes = at_once([lambda: take(metered, "15", "same")] * 12)

    assert outcomes == ["done"] * 12
    assert used(quota)[0] == sum_of_events(metered) == 15


@pytest.mark.django_db(transaction=True)
def test_one_reservation_ended_many_times_ends_once() -> None:
    metered = make_metered()
    quota = quota_of(metered)
    made = reservations.reserve(
        account_id=metered.account.pk,
        meter=metered.meters["SUM"],
        amount=Decimal(12),
        lifetime=timedelta(minutes=10),
        now=NOW,
    )
    ids: dict[str, Any] = {"account_id": metered.account.pk, "reservation_id": made.pk, "now": NOW}

    def commit() -> None:
        event = factories.usage(metered.meters["SUM"], NOW, "12", event_id="job")
        reservations.commit_reservation(event=event, **ids)

    outcomes = at_once([commit, lambda: reservations.release_reservation(**ids)] * 6)

    assert outcomes.count("done") == 1
    assert outcomes.count("RESERVATION_ENDED") == 11
    status = QuotaReservation.objects.get(pk=made.pk).status
    assert used(quota) == (12 if status == "COMMITTED" else 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_quota_that_is_made_while_events_come_counts_them_all() -> None:
    metered = make_metered()

    outcomes = at_once([*[lambda: take(metered)] * 30, lambda: quota_of(metered)])

    (quota,) = UsageQuota.objects.all()
    assert outcomes[-1] == "done"
    assert used(quota)[0] == sum_of_events(metered)
    assert used(quota)[0] >= LIMIT


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("period", ["HOUR", "BILLING_PERIOD", "NONE"])
def test_under_everything_at_once_it_is_never_overshot(period: str) -> None:
    """Events, batches, reservations, commits, voids and other accounts, each in any order."""
    first, second = make_metered(), make_metered()
    quotas = [quota_of(one, limit=60, period=period) for one in (first, second)]

    def work(number: int) -> None:
        chance = random.Random(number)
        try:
            for _ in range(12):
                with_refusals(one_of(chance, first, second))
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=12) as pool:
        list(pool.map(work, range(12)))

    for metered, quota in zip((first, second), quotas, strict=True):
        is_, reserved = used(quota)
        assert is_ == sum_of_events(metered)
        assert is_ + reserved <= 60
        assert verify(metered.account.pk) == []


def one_of(chance: random.Random, first: Metered, second: Metered) -> Callable[[], Any]:
    metered = chance.choice([first, second])
    ids: dict[str, Any] = {"account_id": metered.account.pk, "now": NOW}
    meter = metered.meters["SUM"]
    some = [factories.usage(meter, NOW, str(chance.randrange(1, 4))) for _ in range(5)]
    known = factories.usage(meter, NOW, event_id=f"e{chance.randrange(30)}")
    both = [
        factories.batch(one.account, factories.usage(one.meters["SUM"], NOW, "2"))
        for one in (first, second)
    ]

    def run_a_job() -> None:
        made = reservations.reserve(
            meter=meter, amount=Decimal(5), lifetime=timedelta(minutes=1), **ids
        )
        if chance.random() < 0.3:
            reservations.release_reservation(reservation_id=made.pk, **ids)
        else:
            event = factories.usage(meter, NOW, str(chance.randrange(1, 8)))
            reservations.commit_reservation(reservation_id=made.pk, event=event, **ids)

    return chance.choice(
        [
            lambda: record([factories.batch(metered.account, *some)]),
            lambda: record(both),
            lambda: record(both[::-1]),
            lambda: record([factories.batch(metered.account, known)]),
            run_a_job,
            lambda: void_event(event_id=f"e{chance.randrange(30)}", **ids),
        ]
    )


def with_refusals(call: Callable[[], Any]) -> None:
    with suppress(UsageQuotaExceeded, NotFound):
        call()
