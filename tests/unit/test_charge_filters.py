"""Which charge of a plan takes an event."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating.filters import ChargeFilter, ChargeMatcher, never_reached


def plan(*charges: tuple[str, dict[str, Any] | None]) -> list[ChargeFilter[int]]:
    return [
        ChargeFilter(key=place, metric_type=metric_type, properties=properties)
        for place, (metric_type, properties) in enumerate(charges)
    ]


def taker(
    charges: list[ChargeFilter[int]], metadata: dict[str, Any] | None, metric: str = "A"
) -> int | None:
    return ChargeMatcher(charges).charge_for(metric, metadata)


REGIONS = plan(
    ("A", None),
    ("A", {"region": "eu"}),
    ("A", {"region": "eu", "tier": "gold"}),
    ("B", {"region": "us"}),
)


@pytest.mark.parametrize(
    ("_case", "metric", "metadata", "expected"),
    [
        ("a filter goes before the charge without one", "A", {"region": "eu"}, 1),
        ("the first in the plan's order", "A", {"region": "eu", "tier": "gold"}, 1),
        ("other properties do not matter", "A", {"region": "eu", "x": [1]}, 1),
        ("the rest", "A", {"region": "us"}, 0),
        ("not all of a filter's properties", "A", {"tier": "gold"}, 0),
        ("no metadata", "A", {}, 0),
        ("null metadata", "A", None, 0),
        ("another meter's filter", "B", {"region": "us"}, 3),
        ("nothing takes the rest", "B", {"region": "eu"}, None),
        ("a meter that the plan does not charge", "C", {"region": "eu"}, None),
    ],
)
def test_the_first_filter_that_matches_takes_the_event(
    _case: str, metric: str, metadata: dict[str, Any] | None, expected: int | None
) -> None:
    assert taker(REGIONS, metadata, metric) == expected


def test_the_order_of_the_plan_decides_between_filters_of_different_properties() -> None:
    both = {"region": "eu", "tier": "gold"}
    specific_first = plan(("A", both), ("A", {"region": "eu"}), ("A", {"tier": "gold"}))
    broad_first = plan(("A", {"tier": "gold"}), ("A", {"region": "eu"}), ("A", both))

    assert taker(specific_first, both) == 0
    assert taker(broad_first, both) == 0
    assert taker(specific_first, {"tier": "gold"}) == 2


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("1", "1"),
        (1, 1),
        (1, 1.0),
        (1, Decimal("1.00")),
        (0.1, Decimal("0.1")),
        (True, True),
        (None, None),
        ([1, "a"], [1.0, "a"]),
        ({"a": 1, "b": None}, {"b": None, "a": 1}),
        ("", ""),
    ],
)
def test_equal_json_values_match(wanted: Any, found: Any) -> None:
    assert taker(plan(("A", {"p": wanted})), {"p": found}) == 0
    assert taker(plan(("A", {"p": found})), {"p": wanted}) == 0


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("1", 1),
        (1, True),
        (0, False),
        ("true", True),
        (None, False),
        (None, ""),
        ("null", None),
        ("a", "A"),
        ([1, 2], [2, 1]),
        ([1], 1),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": "1"}),
        ({}, []),
        ({"a": 1}, [["a", 1]]),
        (None, ["literal", None]),
    ],
)
def test_json_values_that_differ_do_not_match(wanted: Any, found: Any) -> None:
    assert taker(plan(("A", {"p": wanted})), {"p": found}) is None
    assert taker(plan(("A", {"p": found})), {"p": wanted}) is None


def test_an_absent_property_is_not_null() -> None:
    assert taker(plan(("A", {"p": None})), {}) is None


def test_an_empty_filter_is_no_filter() -> None:
    charges = plan(("A", {}), ("A", {"region": "eu"}))

    assert taker(charges, {"region": "eu"}) == 1
    assert taker(charges, {"region": "us"}) == 0


def test_of_charges_that_want_the_same_the_first_takes_all_and_the_others_are_found() -> None:
    charges = plan(
        ("A", None), ("A", {"p": 1}), ("A", {}), ("A", {"p": Decimal("1.0")}), ("B", None)
    )

    assert (taker(charges, {}), taker(charges, {"p": 1})) == (0, 1)
    assert never_reached(charges) == [2, 3]


scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "1", "true"])
objects = st.dictionaries(st.sampled_from("pqr"), scalars, max_size=3)


def same(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right


@given(st.lists(st.none() | objects, max_size=8), objects)
def test_the_compiled_matcher_agrees_with_a_walk_through_the_plan(
    filters: list[dict[str, Any] | None], metadata: dict[str, Any]
) -> None:
    expected = next(
        (
            place
            for place, wanted in enumerate(filters)
            if wanted
            and all(name in metadata and same(metadata[name], wanted[name]) for name in wanted)
        ),
        next((place for place, wanted in enumerate(filters) if not wanted), None),
    )

    assert taker(plan(*(("A", wanted) for wanted in filters)), metadata) == expected
