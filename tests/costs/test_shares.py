"""Sharing an amount out: exact for any amount and any quantities."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from billing.kernel.money import Money
from costs.queries import subtree_sums
from costs.shares import percent_of, shared
from tenants.cost_centers.tree import DEEPEST, children_of, height_of, line_of, problem_of

AMOUNTS = st.integers(-(10**9), 10**9).map(lambda minor: Money(minor, "USD"))
QUANTITIES = st.integers(-(10**12), 10**12).map(lambda n: Decimal(n).scaleb(-6))
PARENTS = st.lists(st.integers(0, 20), max_size=20).map(
    lambda drawn: {
        UUID(int=n + 1): UUID(int=up) if 0 < up <= n else None for n, up in enumerate(drawn)
    }
)


@given(AMOUNTS, st.dictionaries(st.integers(0, 99), QUANTITIES, max_size=12))
@example(Money(100, "USD"), {})
@example(Money(100, "USD"), {1: Decimal(5), 2: Decimal(-5)})
@example(Money(-700, "USD"), {1: Decimal(-7)})
def test_parts_and_rest_are_the_whole(amount: Money, weights: dict[int, Decimal]) -> None:
    parts, rest = shared(amount, weights)

    assert parts.keys() == weights.keys()
    assert Money.total([*parts.values(), rest], "USD") == amount
    assert not rest or sum(weights.values(), Decimal(0)) == 0


@given(AMOUNTS, st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_a_part_is_within_a_cent_of_its_proportion(amount: Money, drawn: list[int]) -> None:
    weights = {key: Decimal(n).scaleb(-3) for key, n in enumerate(drawn)}
    total = sum(weights.values(), Decimal(0))

    parts, _ = shared(amount, weights)

    for key, part in parts.items():
        if total:
            assert abs(part.minor - amount.minor * weights[key] / total) < 1
        assert part.minor * amount.minor >= 0


def test_percentages_are_rounded_half_away_from_zero() -> None:
    assert [
        str(percent_of(Money(part, "USD"), Money(whole, "USD")))
        for part, whole in ((1, 3), (2, 3), (-1, 3), (1, 80_000), (5, -2))
    ] == ["33.33", "66.67", "-33.33", "0.00", "-250.00"]
    assert percent_of(Money(1, "USD"), Money(0, "USD")) is None


@given(PARENTS, st.lists(st.integers(-500, 500), min_size=20, max_size=20))
def test_subtrees_sum_to_the_tops(parents: dict[UUID, UUID | None], drawn: list[int]) -> None:
    own = {key: Money(spent, "USD") for key, spent in zip(parents, drawn, strict=False)}

    sums = subtree_sums(own, parents)

    children = children_of(parents)
    for key, total in sums.items():
        below = [sums[child] for child in children.get(key, ())]
        assert total == Money.total([own[key], *below], "USD")
    tops = [sums[key] for key in children.get(None, ())]
    assert Money.total(tops, "USD") == Money.total(own.values(), "USD")


@given(PARENTS, st.data())
def test_no_move_makes_a_circle(parents: dict[UUID, UUID | None], data: st.DataObject) -> None:
    if not parents:
        return
    key, parent = (data.draw(st.sampled_from(sorted(parents))) for _ in range(2))

    if problem_of(key, parent, parents) is None:
        moved = {**parents, key: parent}
        assert all(children_of(moved).get(None, ()))
        for one in moved:
            *_, top = line_of(one, moved)
            assert moved[top] is None
            assert height_of(one, moved) <= DEEPEST
