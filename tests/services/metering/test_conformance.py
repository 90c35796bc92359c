"""What every store of usage must do (`billing.metering.interface`): examples, for each store."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.kernel.errors import NotFound
from billing.metering.events import MeterTraits, NewEvent
from billing.metering.interface import POSTGRES, UsageStore
from billing.metering.pages import EventFilter
from billing.metering.read import CounterValue, quantity_of
from billing.metering.summary import GroupBy
from tests import factories
from tests.services.metering.conftest import JULY, JUNE, Metered, make_metered
from tests.services.metering.slow_store import SlowStore

pytestmark = pytest.mark.django_db
AT = JUNE + timedelta(days=3, minutes=20)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["postgres", "slow"])
def store(request: pytest.FixtureRequest) -> UsageStore:
    return POSTGRES if request.param == "postgres" else SlowStore()


def put(store: UsageStore, metered: Metered, *events: NewEvent) -> list[bool]:
    (outcome,) = store.record([factories.batch(metered.account, *events)])
    return outcome


def void(store: UsageStore, metered: Metered, event_id: str) -> bool:
    return store.void_event(account_id=metered.account.id, event_id=event_id, now=JULY)


def counter(store: UsageStore, metered: Metered, kind: str) -> CounterValue:
    place = (metered.period.id, metered.charges[kind].id)
    return store.counters_of([metered.period.id]).get(place, CounterValue())


def quantity(store: UsageStore, metered: Metered, kind: str) -> Decimal:
    return quantity_of(kind, counter(store, metered, kind))


def usage(metered: Metered, kind: str, number: str = "1", at: datetime = AT, **more: Any) -> Any:
    return factories.usage(metered.meters[kind], at, number, **more)


def summary(store: UsageStore, metered: Metered, **asked: Any) -> list[tuple[Any, ...]]:
    """Return (aggregation, group, quantity, events) of each line."""
    kinds = {meter.id: kind for kind, meter in metered.meters.items()}
    given = {"start": JUNE, "end": JULY, **asked}
    start, end = given.pop("start"), given.pop("end")
    meters = {meter.id: MeterTraits.of(meter) for meter in metered.meters.values()}
    lines = store.summarize(metered.account.id, start, end, meters=meters, **given)
    return [(kinds[line.meter_id], line.group, line.quantity, line.events) for line in lines]


def test_an_id_is_recorded_once_in_an_account(store: UsageStore, metered: Metered) -> None:
    other = make_metered()
    one, again = usage(metered, "SUM", "2", event_id="a"), usage(metered, "SUM", "9", event_id="a")

    outcomes = [
        put(store, metered, one, again),
        put(store, metered, again),
        put(store, other, usage(other, "SUM", "4", event_id="a")),
    ]

    assert outcomes == [[True, False], [False], [True]]
    assert [quantity(store, each, "SUM") for each in (metered, other)] == [2, 4]


def test_batches_of_several_accounts_are_told_apart(store: UsageStore, metered: Metered) -> None:
    other = make_metered()
    first = factories.batch(metered.account, usage(metered, "SUM", event_id="a"))
    second = factories.batch(other.account, usage(other, "SUM", event_id="a"))

    assert store.record([first, second, first]) == [[True], [True], [False]]


def test_many_events_are_one_batch(store: UsageStore, metered: Metered) -> None:
    events = [usage(metered, "SUM", "0.1", event_id=str(number)) for number in range(200)]

    assert put(store, metered, *events) == [True] * 200
    assert put(store, metered, *events, usage(metered, "SUM")) == [False] * 200 + [True]
    assert quantity(store, metered, "SUM") == 21


@pytest.mark.parametrize(
    ("kind", "counted"), [("SUM", "11"), ("COUNT", "4"), ("MAX", "5"), ("LATEST", "1")]
)
def test_each_aggregation_counts_in_its_manner(
    store: UsageStore, metered: Metered, kind: str, counted: str
) -> None:
    for number, minutes in (("3", 0), ("5", 2), ("1", 90), ("2", -70)):
        put(store, metered, usage(metered, kind, number, AT + minutes * MINUTE))

    assert quantity(store, metered, kind) == Decimal(counted)
    assert counter(store, metered, kind).events == 4


def test_of_one_instant_the_later_recorded_is_the_latest(
    store: UsageStore, metered: Metered
) -> None:
    put(store, metered, usage(metered, "LATEST", "1"), usage(metered, "LATEST", "2"))
    put(store, metered, usage(metered, "LATEST", "3"))

    assert quantity(store, metered, "LATEST") == 3


def test_distinct_values_count_once(store: UsageStore, metered: Metered) -> None:
    for name, hours in (("ann", 0), ("bob", 0), ("ann", 5)):
        at = AT + timedelta(hours=hours)
        put(store, metered, usage(metered, "UNIQUE", at=at, user_id=name))

    assert quantity(store, metered, "UNIQUE") == 2


def test_a_correction_is_summed_and_told(store: UsageStore, metered: Metered) -> None:
    put(store, metered, usage(metered, "SUM", "5"))
    put(store, metered, usage(metered, "SUM", "-7.25", is_correction=True))

    found = counter(store, metered, "SUM")
    assert (found.total, found.events, found.corrections) == (Decimal("-2.25"), 2, 1)


@pytest.mark.parametrize(
    ("kind", "left"), [("MAX", [9, 9, 5, 0]), ("LATEST", [2, 9, 5, 0]), ("SUM", [16, 14, 5, 0])]
)
def test_voids_find_the_next_value_in_any_order(
    store: UsageStore, metered: Metered, kind: str, left: list[int]
) -> None:
    for number, minutes in (("5", 0), ("9", 30), ("2", 60)):
        at = AT + minutes * MINUTE
        put(store, metered, usage(metered, kind, number, at, event_id=number))
    found = [quantity(store, metered, kind)]

    for event_id in ("2", "9", "5"):
        assert void(store, metered, event_id)
        found.append(quantity(store, metered, kind))

    assert found == left


def test_a_distinct_value_goes_with_its_last_event(store: UsageStore, metered: Metered) -> None:
    for number, hours in enumerate((0, 0, 30)):
        at = AT + timedelta(hours=hours)
        put(store, metered, usage(metered, "UNIQUE", at=at, event_id=str(number), user_id="ann"))
    found = []

    for number in (1, 2, 0):
        void(store, metered, str(number))
        found.append(quantity(store, metered, "UNIQUE"))

    assert found == [1, 1, 0]


def test_a_voided_id_stays_taken(store: UsageStore, metered: Metered) -> None:
    put(store, metered, usage(metered, "SUM", event_id="a"))

    assert [void(store, metered, "a"), void(store, metered, "a")] == [True, False]
    assert put(store, metered, usage(metered, "SUM", event_id="a")) == [False]
    assert store.stored_ids(metered.account.id, ["a", "b"]) == {"a"}
    assert quantity(store, metered, "SUM") == 0
    with pytest.raises(NotFound):
        void(store, metered, "b")


def test_a_changed_timeline_counts_anew(store: UsageStore, metered: Metered) -> None:
    for number, minutes in enumerate((-31, -1, 0, 1, 90)):
        at = AT + minutes * MINUTE
        put(store, metered, usage(metered, "SUM", "2", at, event_id=str(number)))
    later = factories.plan_version()
    charge = factories.charge(later, metered.meters["SUM"])
    metered.subscription.segments.update(end_at=AT)
    factories.segment(metered.subscription, later, AT)

    store.rebuild(metered.account.id, AT, None)

    assert quantity(store, metered, "SUM") == 4
    assert store.counters_of([metered.period.id])[metered.period.id, charge.id].total == 6
    assert void(store, metered, "4")
    assert store.counters_of([metered.period.id])[metered.period.id, charge.id].total == 4


def test_usage_outside_of_every_period_is_kept_and_not_counted(
    store: UsageStore, metered: Metered
) -> None:
    put(store, metered, usage(metered, "SUM", "3", JUNE - MINUTE, event_id="early"))

    assert store.counters_of([metered.period.id]) == {}
    assert store.stored_ids(metered.account.id, ["early"]) == {"early"}
    assert summary(store, metered, start=JUNE - timedelta(days=1)) == [("SUM", (), 3, 1)]


def test_versions_grow_with_changes_alone(store: UsageStore, metered: Metered) -> None:
    versions = [store.account_version(metered.account.id)]
    for number, name in enumerate(("a", "a", "b")):
        put(store, metered, usage(metered, "SUM", str(number), event_id=name))
        versions.append(store.account_version(metered.account.id))
    void(store, metered, "b")
    versions.append(store.account_version(metered.account.id))

    assert versions[1] == versions[2]
    assert versions[0] < versions[1] < versions[3] < versions[4]


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [
        (GroupBy.METER, [((), 7)]),
        (GroupBy.RESOURCE, [(("vm", "a"), 3), (("vm", "b"), 4)]),
        (GroupBy.COST_CENTER, [((None,), 7)]),
        (GroupBy.HOUR, [((AT.replace(minute=0),), 3), ((JUNE + timedelta(days=4),), 4)]),
        (GroupBy.DAY, [((JUNE + timedelta(days=3),), 3), ((JUNE + timedelta(days=4),), 4)]),
    ],
)
def test_a_summary_is_in_groups(
    store: UsageStore, metered: Metered, group_by: GroupBy, groups: list[Any]
) -> None:
    midnight = JUNE + timedelta(days=4)
    of: dict[str, Any] = {"resource_type": "vm"}
    put(store, metered, usage(metered, "SUM", "1", resource_id="a", **of))
    put(store, metered, usage(metered, "SUM", "2", AT + MINUTE, resource_id="a", **of))
    put(store, metered, usage(metered, "SUM", "4", midnight, resource_id="b", **of))
    put(store, metered, usage(metered, "SUM", "8", event_id="void", **of))
    void(store, metered, "void")

    found = summary(store, metered, group_by=group_by)

    assert [(group, number) for _, group, number, _ in found] == groups


def test_a_summary_is_exact_where_it_cuts_an_hour(store: UsageStore, metered: Metered) -> None:
    for minutes in range(0, 120, 10):
        at = AT + minutes * MINUTE
        for kind in metered.meters:
            put(store, metered, usage(metered, kind, str(minutes), at, user_id=str(minutes % 30)))

    found = summary(store, metered, start=AT + 20 * MINUTE, end=AT + 80 * MINUTE)

    assert sorted((kind, number) for kind, _, number, _ in found) == [
        ("COUNT", 6),
        ("LATEST", 70),
        ("MAX", 70),
        ("SUM", 270),
        ("UNIQUE", 3),
    ]


def test_pages_go_back_in_time_without_gaps(store: UsageStore, metered: Metered) -> None:
    for number in range(7):
        at = AT + (number // 2) * MINUTE
        put(store, metered, usage(metered, "SUM", at=at, event_id=str(number)))
    void(store, metered, "3")
    found, after = [], None

    for _ in range(3):
        rows, after = store.events_page(metered.account.id, EventFilter(), after=after, limit=2)
        found.append([row.event_id for row in rows])

    assert found == [["6", "5"], ["4", "2"], ["1", "0"]]
    assert after is None


def test_what_is_forgotten_is_gone(store: UsageStore, metered: Metered) -> None:
    meter = metered.meters["SUM"]
    put(store, metered, usage(metered, "SUM", event_id="a"))
    assert store.has_usage(meter_id=meter.id)

    store.forget_usage([metered.account.id])

    assert not store.has_usage(meter_id=meter.id)
    assert store.counters_of([metered.period.id]) == {}
    assert put(store, metered, usage(metered, "SUM", event_id="a")) == [True]
