"""Events past the retention are deleted; what they counted, and what was billed, stays."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from billing.kernel.errors import NotFound
from billing.metering import retention
from billing.metering.models import UsageBucket, UsageEvent
from billing.metering.quotas.models import QuotaWindow
from billing.metering.quotas.services import QuotaDraft, create_quota
from billing.metering.rebuild import rebuild
from billing.metering.retention import kept_from, sweep
from billing.metering.verify import verify
from billing.metering.void import void_event
from billing.models import Account
from billing.tasks import delete_old_usage
from tests import factories
from tests.services.metering.conftest import JULY, JUNE, Metered, make_metered

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = 100
NOW = JULY + timedelta(days=DAYS + 1)
"""Of June all is past a retention of 100 days, and the day that is waited beside."""
LATER = JULY + timedelta(days=20)


@pytest.fixture
def metered(settings: Any) -> Metered:
    settings.BILLING = {**settings.BILLING, "BILLING_RETENTION_DAYS": DAYS}
    made = make_metered()
    factories.period(made.subscription, JULY, JULY + timedelta(days=31))
    for kind, meter in made.meters.items():
        for day in (0, 10, 29, 30, 45):
            at = JUNE + timedelta(days=day, minutes=10)
            name = f"{kind}{day}"
            made.record(factories.usage(meter, at, str(day), event_id=name, user_id=name))
    return made


def ids() -> set[str]:
    return set(UsageEvent.objects.values_list("event_id", flat=True))


def counters() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM billing_usagecounter ORDER BY period_id, charge_id")
        return list(cursor.fetchall())


def test_what_is_past_goes_and_its_counts_stay(metered: Metered) -> None:
    before, buckets = counters(), UsageBucket.objects.count()

    deleted = sweep(now=NOW)

    assert deleted == 15
    assert ids() == {f"{kind}{day}" for kind in metered.meters for day in (30, 45)}
    assert counters() == before
    assert UsageBucket.objects.count() == buckets
    assert kept_from(metered.account.id) == JULY
    assert verify(metered.account.id) == []
    assert sweep(now=NOW) == 0


@pytest.mark.parametrize("period", ["NONE", "MONTH", "DAY", "HOUR", "BILLING_PERIOD"])
def test_windows_of_quotas_are_recounted_from_what_was_counted_of_them(
    metered: Metered, period: str
) -> None:
    for meter in metered.meters.values():
        draft = QuotaDraft(meter=meter, limit=Decimal(10**6), period=period, is_hard=True)
        create_quota(account_id=metered.account.id, draft=draft, by_admin=True, now=JULY)
    again = {
        kind: factories.usage(meter, LATER, "7", event_id=kind, user_id=kind)
        for kind, meter in metered.meters.items()
    }
    assert sweep(now=NOW) > 0
    assert verify(metered.account.id) == []

    for event in again.values():
        metered.record(event)  # and counts the windows anew

    assert verify(metered.account.id) == []
    counted = QuotaWindow.objects.filter(is_counted=True)
    assert counted.count() == len(metered.meters)
    QuotaWindow.objects.filter(pk=counted.earliest("pk").pk).update(used=10**5)
    assert len(verify(metered.account.id)) == 1


def test_a_day_before_it_nothing_goes(metered: Metered) -> None:
    assert sweep(now=JUNE + timedelta(days=DAYS + 1)) == 0
    assert len(ids()) == 25


def test_counting_anew_leaves_what_has_no_events_any_more(metered: Metered) -> None:
    before = counters()
    sweep(now=NOW)

    rebuild(metered.account.id, JUNE, None)

    assert counters() == before
    assert verify(metered.account.id) == []


def test_a_period_that_is_not_over_keeps_its_events(metered: Metered) -> None:
    """Of an open year's maximum a void must find the next value, however long ago it was."""
    later = NOW + timedelta(days=1)
    metered.subscription.periods.filter(start_at=JULY).delete()
    metered.subscription.periods.update(end_at=later, full_end_at=later)

    assert sweep(now=NOW) == 0


def test_an_account_goes_by_its_own_clock(metered: Metered) -> None:
    clock = factories.clock(JULY)
    Account.objects.filter(pk=metered.account.pk).update(test_clock=clock)

    assert sweep(now=NOW) == 0
    type(clock).objects.update(frozen_time=NOW)
    assert sweep(now=JULY) == 15


def test_it_goes_in_batches_and_the_next_run_goes_on(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 4)
    monkeypatch.setattr(retention, "LIMIT_BATCHES", 2)

    assert [sweep(now=NOW) for _ in range(3)] == [8, 7, 0]


def test_an_event_that_is_about_to_go_can_not_be_voided(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its neighbours may be gone already: nobody could say what the next maximum is."""
    monkeypatch.setattr(retention, "BATCH", 4)
    monkeypatch.setattr(retention, "LIMIT_BATCHES", 1)
    before = counters()
    sweep(now=NOW)

    with pytest.raises(NotFound):
        void_event(account_id=metered.account.id, event_id="MAX29", now=NOW)

    assert counters() == before
    assert UsageEvent.objects.get(event_id="MAX29").voided_at is None


def test_the_task_goes_by_the_real_time(metered: Metered) -> None:
    delete_old_usage()

    assert ids() == set()
