"""Rules applied to leaves: exact whatever the rules say, and never in a circle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.money import Money
from costs.allocating import Allocated, Leaf, Rule, allocate

START = datetime(2025, 4, 1, tzinfo=UTC)
CENTERS = [UUID(int=number) for number in range(1, 5)]
A, B, C, D = CENTERS
METERS = ("CALLS", "SECONDS", "")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def leaf(center: UUID | None, minor: int, *, meter: str = "CALLS", day: int = 0) -> Leaf:
    return Leaf(center=center, metric_type=meter, at=START + timedelta(days=day), cost=usd(minor))


def rule(number: int, source: UUID | None, **fields: object) -> Rule:
    given_: dict[str, object] = {
        "metric_type": "",
        "start": START,
        "end": None,
        "weights": {B: Decimal(50), C: Decimal(50)},
        "is_percentage": True,
        **fields,
    }
    return Rule(id=UUID(int=100 + number), source=source, **given_)  # type: ignore[arg-type]


def spends(found: Allocated) -> list[int]:
    return [found.spend(center).minor for center in CENTERS] + [found.unallocated.minor]


def test_what_names_none_goes_by_percentages_and_the_rest_stays() -> None:
    weights = {B: Decimal(60), C: Decimal("30.5")}

    found = allocate([leaf(None, 1000)], [rule(1, None, weights=weights)], CENTERS, "USD")

    assert spends(found) == [0, 600, 305, 0, 95]


def test_a_shared_center_gives_away_its_own_and_keeps_what_it_gets() -> None:
    rules = [rule(1, A), rule(2, None, weights={A: Decimal(100)})]

    found = allocate([leaf(A, 1001), leaf(None, 300)], rules, CENTERS, "USD")

    assert spends(found) == [300, 501, 500, 0, 0]
    assert (found.given[A], found.received[A]) == (usd(1001), usd(300))


def test_two_that_give_to_each_other_do_not_go_in_a_circle() -> None:
    rules = [
        rule(1, A, weights={B: Decimal(100)}),
        rule(2, B, weights={A: Decimal(100)}),
    ]

    assert spends(allocate([leaf(A, 7), leaf(B, 5)], rules, CENTERS, "USD")) == [5, 7, 0, 0, 0]


def test_a_meters_rule_comes_before_that_of_all_and_each_has_its_time() -> None:
    end = START + timedelta(days=10)
    rules = [
        rule(1, None, weights={A: Decimal(100)}, end=end),
        rule(2, None, weights={B: Decimal(100)}, start=end),
        rule(3, None, weights={C: Decimal(100)}, metric_type="SECONDS"),
    ]
    leaves = [
        leaf(None, 1, day=9),
        leaf(None, 10, day=10),
        leaf(None, 100, meter="SECONDS", day=9),
        leaf(None, 1000, meter="", day=9),  # a minimum commitment
    ]

    assert spends(allocate(leaves, rules, CENTERS, "USD")) == [1001, 10, 100, 0, 0]


def test_the_share_of_a_meter_leaves_nothing_and_without_any_all() -> None:
    by_meter = {B: Decimal(1), C: Decimal(2)}
    shares = rule(1, None, weights=by_meter, is_percentage=False)
    nobody = rule(1, None, weights={}, is_percentage=False)

    assert spends(allocate([leaf(None, 100)], [shares], CENTERS, "USD")) == [0, 33, 67, 0, 0]
    assert spends(allocate([leaf(None, 100)], [nobody], CENTERS, "USD")) == [0, 0, 0, 0, 100]


WHO = st.sampled_from([*CENTERS, None, UUID(int=99)])
LEAVES = st.builds(
    leaf, WHO, st.integers(-500, 5000), meter=st.sampled_from(METERS), day=st.integers(0, 29)
)
RULES = st.builds(
    rule,
    st.integers(0, 5),
    st.sampled_from([*CENTERS, None]),
    metric_type=st.sampled_from(METERS),
    start=st.integers(0, 29).map(lambda day: START + timedelta(days=day)),
    weights=st.dictionaries(st.sampled_from(CENTERS), st.integers(1, 25).map(Decimal), max_size=4),
    is_percentage=st.booleans(),
)


@given(st.lists(LEAVES, max_size=12), st.lists(RULES, max_size=5, unique_by=lambda r: r.id))
def test_spends_and_the_rest_are_the_whole(leaves: list[Leaf], rules: list[Rule]) -> None:
    found = allocate(leaves, rules, CENTERS, "USD")

    assert sum(spends(found)) == sum(one.cost.minor for one in leaves)
    moved = Money.total(found.received.values(), "USD")
    known = set(CENTERS)
    direct = [one.cost for one in leaves if one.center not in known]
    assert moved == Money.total(found.given.values(), "USD") + (
        Money.total(direct, "USD") - found.unallocated
    )
