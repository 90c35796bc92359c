"""Amounts as Stripe writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.money import MINOR_DIGITS, Money
from billing.stripe.amounts import LEAST, STRIPE_DIGITS, chargeable, from_stripe, to_stripe

amounts = st.builds(Money, st.integers(0, 10**12), st.sampled_from(sorted(MINOR_DIGITS)))


@given(amounts)
def test_what_is_chargeable_has_a_way_there_and_back(money: Money) -> None:
    part = chargeable(money)

    assert from_stripe(to_stripe(part), part.currency.lower()) == part
    assert 0 <= part.minor <= money.minor


@given(amounts)
def test_less_than_a_smallest_unit_of_stripes_is_left_over(money: Money) -> None:
    part = chargeable(money)

    if part and money.minor < 10**8:
        assert money.minor - part.minor < 100


@pytest.mark.parametrize(
    ("minor", "currency", "theirs"),
    [
        (1250, "USD", 1250),
        (500, "JPY", 500),
        (1230, "KWD", 1230),
        (100, "ISK", 10000),
        (7, "UGX", 700),
        (500, "MGA", 5),
    ],
)
def test_amounts_by_hand(minor: int, currency: str, theirs: int) -> None:
    assert to_stripe(Money(minor, currency)) == theirs


def test_what_stripe_can_not_write_is_refused() -> None:
    with pytest.raises(ValueError, match="has no"):
        to_stripe(Money(501, "MGA"))


@pytest.mark.parametrize("currency", LEAST)
def test_the_least_is_chargeable_and_one_less_is_not(currency: str) -> None:
    least = LEAST[currency]

    assert chargeable(Money(least, currency)).minor == least
    assert chargeable(Money(least - 1, currency)).minor == 0


def test_stripes_own_decimals_are_of_currencies_that_we_have() -> None:
    assert set(STRIPE_DIGITS) <= set(MINOR_DIGITS)
