"""Recording: once, counted, under the period and the charge that held."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.metering.models import NO_ID, UsageBucket, UsageCounter, UsageEvent
from billing.metering.read import counters_of, quantity_of
from billing.metering.record import COPY_FROM, record
from billing.metering.verify import verify
from tests import factories
from tests.services.metering.conftest import JULY, JUNE, Metered

AT = JUNE + timedelta(days=3, hours=4, minutes=5)
MANY = COPY_FROM * 2


def test_an_event_is_kept_as_it_was_given(metered: Metered) -> None:
    event = factories.usage(
        metered.meters["SUM"],
        AT + timedelta(microseconds=7),
        "12.000000000001",
        event_id="a/b\\c\td\u00a0é",
        resource_type="vm",
        resource_id="r\n1",
        user_id="u\r1",
        metadata={"k": "v"},
        metadata_json='{"k": "v"}',
    )

    outcome = metered.record(event)

    kept = UsageEvent.objects.get(account_id=metered.account.id)
    assert outcome == [True]
    assert (kept.event_id, kept.quantity) == ("a/b\\c\td\u00a0é", Decimal("12.000000000001"))
    assert (kept.resource_type, kept.resource_id, kept.user_id) == ("vm", "r\n1", "u\r1")
    assert (kept.occurred_at, kept.metadata, kept.voided_at) == (
        AT + timedelta(microseconds=7),
        {"k": "v"},
        None,
    )


def test_many_events_are_kept_as_they_were_given(metered: Metered) -> None:
    texts = ["plain", "tab\tbed", "new\nline", "back\\slash", "\\N", "re\rturn", "é\u2028", "\\."]
    events = [
        factories.usage(
            metered.meters["SUM"],
            AT,
            event_id=f"{number}{texts[number % len(texts)]}",
            resource_id=texts[number % len(texts)],
            metadata={"t": 1},
            metadata_json='{"t":\n"\\\\\\n\\""}',
        )
        for number in range(MANY)
    ]

    metered.record(*events)

    kept = {event.event_id: event for event in UsageEvent.objects.all()}
    assert len(kept) == MANY
    assert all(kept[event.event_id].resource_id == event.resource_id for event in events)
    assert all(event.metadata == {"t": '\\\n"'} for event in kept.values())


@pytest.mark.parametrize("size", [1, 3, MANY])
def test_recording_again_changes_nothing(metered: Metered, size: int) -> None:
    events = [factories.usage(metered.meters["SUM"], AT, "2.5") for _ in range(size)]
    first = metered.record(*events)
    before = metered.counter("SUM")

    again = metered.record(*events)

    assert (first, again) == ([True] * size, [False] * size)
    assert metered.counter("SUM") == before
    assert before.total == Decimal("2.5") * size


@pytest.mark.parametrize("fresh", [2, MANY])
def test_what_is_new_beside_duplicates_is_counted_once(metered: Metered, fresh: int) -> None:
    old = factories.usage(metered.meters["SUM"], AT, "5")
    metered.record(old)
    events = [factories.usage(metered.meters["SUM"], AT) for _ in range(fresh)]

    outcome = metered.record(*events, old, events[0])

    assert outcome == [*[True] * fresh, False, False]
    assert metered.total() == 5 + fresh
    assert verify(metered.account.id) == []


def test_of_two_events_with_one_id_the_first_counts(metered: Metered) -> None:
    first, second = (
        factories.usage(metered.meters["SUM"], AT, quantity, event_id="same")
        for quantity in ("1", "7")
    )

    outcome = metered.record(first, second)

    assert outcome == [True, False]
    assert metered.total() == 1


def test_the_same_id_is_another_event_for_another_account(metered: Metered) -> None:
    other = factories.account()
    events = [factories.usage(metered.meters["SUM"], AT, event_id="same") for _ in range(2)]

    outcomes = record(
        [factories.batch(metered.account, events[0]), factories.batch(other, events[1])]
    )

    assert outcomes == [[True], [True]]
    assert UsageBucket.objects.get(account_id=other.id).charge_id == NO_ID


def test_two_batches_of_one_account_share_its_ids(metered: Metered) -> None:
    events = [factories.usage(metered.meters["SUM"], AT, q, event_id="same") for q in ("3", "4")]

    outcomes = record([factories.batch(metered.account, event) for event in events])

    assert outcomes == [[True], [False]]
    assert metered.total() == 3


@pytest.mark.parametrize(
    ("aggregation", "quantities", "expected"),
    [
        ("SUM", ["1", "2.5", "0"], "3.5"),
        ("SUM", ["5", "-7.25"], "-2.25"),
        ("SUM", ["999999999999999.999999999999"] * 3, "2999999999999999.999999999997"),
        ("COUNT", ["10", "0", "3"], "3"),
        ("MAX", ["3", "9.5", "4"], "9.5"),
        ("LATEST", ["3", "9.5", "4"], "4"),
    ],
)
def test_each_aggregation_is_exact(
    metered: Metered, aggregation: str, quantities: list[str], expected: str
) -> None:
    meter = metered.meters[aggregation]
    for number, quantity in enumerate(quantities):
        metered.record(factories.usage(meter, AT + timedelta(seconds=number), quantity))

    counted = quantity_of(aggregation, metered.counter(aggregation))

    assert counted == Decimal(expected)
    assert verify(metered.account.id) == []


def test_unique_counts_distinct_values_over_hours_and_requests(metered: Metered) -> None:
    meter = metered.meters["UNIQUE"]
    for hours, user in ((0, "ann"), (0, "bob"), (5, "ann"), (30, "cy")):
        metered.record(factories.usage(meter, AT + timedelta(hours=hours), user_id=user))

    counter = metered.counter("UNIQUE")

    assert (counter.distinct_values, counter.events) == (3, 4)
    assert verify(metered.account.id) == []


def test_latest_goes_by_the_events_time_then_by_arrival(metered: Metered) -> None:
    meter = metered.meters["LATEST"]
    metered.record(factories.usage(meter, AT, "1"), factories.usage(meter, AT, "2"))
    metered.record(factories.usage(meter, AT - timedelta(hours=2), "9"))

    assert metered.counter("LATEST").latest == 2


def test_corrections_are_told_apart(metered: Metered) -> None:
    meter = metered.meters["SUM"]

    metered.record(
        factories.usage(meter, AT, "5"), factories.usage(meter, AT, "-2", is_correction=True)
    )

    counter = metered.counter("SUM")
    assert counter.total == 3
    assert (counter.events, counter.corrections) == (2, 1)


def test_each_change_is_a_new_version_of_the_counter(metered: Metered) -> None:
    versions = []
    for _ in range(3):
        metered.record(factories.usage(metered.meters["SUM"], AT))
        versions.append(metered.counter("SUM").version)

    assert versions == [1, 2, 3]


@pytest.mark.parametrize(
    ("at", "charged"),
    [
        (JUNE - timedelta(microseconds=1), 0),
        (JUNE, 1),
        (JULY - timedelta(microseconds=1), 1),
        (JULY, 0),
    ],
    ids=["before", "start", "last", "end"],
)
def test_a_period_takes_its_start_and_not_its_end(metered: Metered, at: Any, charged: int) -> None:
    metered.record(factories.usage(metered.meters["SUM"], at))

    assert metered.counter("SUM").events == charged
    assert UsageEvent.objects.count() == 1


def test_a_trial_counts_and_charges_nobody(metered: Metered) -> None:
    trial = factories.period(
        metered.subscription, JULY, JULY + timedelta(days=14), is_trial=True, index=None
    )

    metered.record(factories.usage(metered.meters["SUM"], JULY + timedelta(days=1)))

    assert UsageBucket.objects.get().period_id == trial.id
    assert not UsageCounter.objects.exists()


def test_a_change_of_plan_in_mid_hour_parts_its_events(metered: Metered) -> None:
    change = AT.replace(minute=30)
    metered.subscription.segments.update(end_at=change)
    later = factories.plan_version()
    charge = factories.charge(later, metered.meters["SUM"])
    factories.segment(metered.subscription, later, change)

    metered.record(
        factories.usage(metered.meters["SUM"], change - timedelta(microseconds=1), "1"),
        factories.usage(metered.meters["SUM"], change, "10"),
    )

    assert metered.total() == 1
    assert counters_of([metered.period.id])[metered.period.id, charge.id].total == 10
    assert UsageBucket.objects.count() == 2


def test_filters_choose_the_charge_by_metadata(metered: Metered) -> None:
    meter = factories.meter()
    gpt, rest = (
        factories.charge(metered.version, meter, filter=properties)
        for properties in ({"model": "gpt", "size": 1.5}, None)
    )

    metered.record(
        factories.usage(meter, AT, "1", metadata={"model": "gpt", "size": Decimal("1.5")}),
        factories.usage(meter, AT, "10", metadata={"model": "gpt"}),
        factories.usage(meter, AT, "100"),
    )

    found = {charge: value.total for (_, charge), value in counters_of([metered.period.id]).items()}
    assert found == {gpt.id: 1, rest.id: 110}


def test_buckets_are_kept_by_hour_and_dimension(metered: Metered) -> None:
    meter = metered.meters["SUM"]
    metered.record(
        factories.usage(meter, AT, resource_id="a"),
        factories.usage(meter, AT + timedelta(minutes=1), resource_id="a"),
        factories.usage(meter, AT, resource_id="b"),
        factories.usage(meter, AT + timedelta(hours=1), resource_id="a"),
    )

    buckets = UsageBucket.objects.order_by("hour_at", "resource_id")

    assert [(b.hour_at.hour, b.resource_id, b.events) for b in buckets] == [
        (4, "a", 2),
        (4, "b", 1),
        (5, "a", 1),
    ]


def test_nothing_is_stored_where_one_event_can_not_be(metered: Metered) -> None:
    good = [factories.usage(metered.meters["SUM"], AT) for _ in range(MANY)]
    bad = factories.usage(metered.meters["SUM"], AT)
    bad.metadata_json = "{"

    with pytest.raises(Exception, match="json"):
        metered.record(*good, bad)

    assert not UsageEvent.objects.exists()
    assert metered.counter("SUM").events == 0
