"""The arithmetic of "Part periods, April 2025" in the contract's worked examples."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.money import Money
from billing.kernel.periods import Period
from billing.kernel.proration import prorate, share

APRIL = Period(datetime(2025, 4, 1, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("row", "price", "part", "amount"),
    [
        (
            "change-plan NOW on 16 April 12:00, unused",
            "30.00",
            ("2025-04-16 12:00", "2025-05-01"),
            "14.50",
        ),
        (
            "change-plan NOW on 16 April 12:00, new plan",
            "90.00",
            ("2025-04-16 12:00", "2025-05-01"),
            "43.50",
        ),
        (
            "the same with 50 % off: what the unused part had cost",
            "15.00",
            ("2025-04-16 12:00", "2025-05-01"),
            "7.25",
        ),
        (
            "change-plan NOW on 11 April 07:13:21, unused",
            "30.00",
            ("2025-04-11 07:13:21", "2025-05-01"),
            "19.70",
        ),
        (
            "change-plan NOW on 11 April 07:13:21, new plan",
            "49.99",
            ("2025-04-11 07:13:21", "2025-05-01"),
            "32.83",
        ),
        ("paused from 11 to 21 April, in advance", "30.00", ("2025-04-11", "2025-04-21"), "10.00"),
        (
            "cancelled on 16 April 12:00, in arrears",
            "30.00",
            ("2025-04-01", "2025-04-16 12:00"),
            "15.50",
        ),
        (
            "minimumAmount 25 until 16 April 12:00",
            "25",
            ("2025-04-01", "2025-04-16 12:00"),
            "12.92",
        ),
    ],
)
def test_row_of_the_part_periods(row: str, price: str, part: tuple[str, str], amount: str) -> None:
    start, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in part)

    exact = prorate(
        Decimal(price), part_seconds=Period(start, end).seconds, whole_seconds=APRIL.seconds
    )

    assert APRIL.seconds == 2_592_000
    assert Money.rounded(exact, "USD").amount == amount, row


def test_row_plan_in_arrears_paused_for_ten_days() -> None:
    paused = 10 * 86_400

    exact = prorate(
        Decimal("30.00"), part_seconds=APRIL.seconds - paused, whole_seconds=APRIL.seconds
    )

    assert exact == 20


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9), st.data())
def test_a_part_and_the_rest_make_the_whole(amount: int, whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))

    both = prorate(amount, part_seconds=part, whole_seconds=whole) + prorate(
        amount, part_seconds=whole - part, whole_seconds=whole
    )

    assert both == amount


def test_nothing_is_rounded() -> None:
    assert prorate(25, part_seconds=1, whole_seconds=3) == Fraction(25, 3)


@pytest.mark.parametrize(("part", "whole"), [(1, 0), (0, 0), (-1, 10), (11, 10), (0, -1)])
def test_a_part_lies_within_its_whole(part: int, whole: int) -> None:
    with pytest.raises(ValueError, match="whole"):
        share(part_seconds=part, whole_seconds=whole)
