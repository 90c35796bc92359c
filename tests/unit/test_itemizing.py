"""The lines of a pushed invoice sum to what is asked, in amounts that Stripe can write."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.money import Money
from billing.stripe.amounts import chargeable, step_of, to_stripe
from paying.money.itemizing import fitted, shortened

AMOUNTS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=300)
CURRENCIES = st.sampled_from(["USD", "JPY", "KWD", "MGA", "ISK", "UGX"])


@given(AMOUNTS, CURRENCIES)
def test_they_sum_to_what_is_asked_exactly(amounts: list[int], currency: str) -> None:
    lines = [(str(n), amount) for n, amount in enumerate(amounts)]
    asked = chargeable(Money(max(sum(amounts), 0), currency))

    made = fitted(shortened(lines, "more"), asked, rest="later")

    assert sum(minor for _, minor in made) == asked.minor
    assert len(made) <= 201
    for _, minor in made:
        to_stripe(Money(minor, currency))  # or it raises


@given(AMOUNTS, CURRENCIES)
def test_none_strays_by_more_than_the_smallest_step(amounts: list[int], currency: str) -> None:
    lines = [(str(n), amount) for n, amount in enumerate(amounts)]
    total = sum(amounts) // step_of(currency) * step_of(currency)

    made = fitted(lines, Money(total, currency), rest="later")

    assert [words for words, _ in made] == [words for words, _ in lines]
    for (_, minor), (_, amount) in zip(made, lines, strict=True):
        assert abs(minor - amount) < step_of(currency)
