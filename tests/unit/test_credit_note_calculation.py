"""What is taken back of an invoice: exact parts, never more than is left, no cent lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.money import Money
from invoicing.calculation.credit_notes import (
    Credited,
    LineLeft,
    TooMuch,
    credit_lines,
    credit_total,
)

P19, P7 = Decimal(19), Decimal(7)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def left(amount: int, discount: int = 0, percent: Decimal | None = None) -> LineLeft:
    return LineLeft(amount=usd(amount), discount=usd(discount), percent=percent)


def minors(made: Credited) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    return (
        [(amount.minor, discount.minor) for amount, discount in made.lines],
        [(tax.minor, base.minor) for tax, base in made.taxes],
    )


def test_all_of_an_invoice_is_all_of_each_line_and_of_each_tax() -> None:
    lines = [left(6000, 600, P19), left(2501, 250, P7), left(1499, 150)]
    taxes = [(P19, usd(1026)), (P7, usd(158))]

    made = credit_total(usd(5400 + 1026 + 2251 + 158 + 1349), lines=lines, taxes=taxes)

    assert minors(made) == (
        [(6000, 600), (2501, 250), (1499, 150)],
        [(1026, 5400), (158, 2251)],
    )


def test_a_part_is_spread_with_its_tax() -> None:
    lines = [left(10000, 0, P19), left(10000, 0, P7)]
    taxes = [(P19, usd(1900)), (P7, usd(700))]

    made = credit_total(usd(11300), lines=lines, taxes=taxes)

    assert minors(made) == ([(5000, 0), (5000, 0)], [(950, 5000), (350, 5000)])
    assert (made.subtotal, made.tax_total, made.total) == (usd(10000), usd(1300), usd(11300))


def test_a_cent_that_does_not_divide_goes_to_the_first_of_equals() -> None:
    made = credit_total(usd(10), lines=[left(100), left(100), left(100)], taxes=[])

    assert minors(made)[0] == [(4, 0), (3, 0), (3, 0)]


def test_a_negative_line_is_taken_back_with_its_sign() -> None:
    made = credit_total(usd(1450), lines=[left(4350), left(-1450)], taxes=[])

    assert minors(made)[0] == [(2175, 0), (-725, 0)]


def test_more_than_is_left_is_refused_and_says_what_is_left() -> None:
    with pytest.raises(TooMuch) as refused:
        credit_total(usd(120), lines=[left(100, 0, P19)], taxes=[(P19, usd(19))])

    assert (refused.value.left, refused.value.index) == (usd(119), None)


def test_a_line_is_credited_with_its_discount_and_its_tax_rounded_once() -> None:
    lines = [left(333, 33, P19), left(333, 33, P19), left(1000)]
    taxes = [(P19, usd(114))]

    made = credit_lines({0: usd(100), 1: usd(101)}, lines=lines, taxes=taxes, currency="USD")

    # 33 × 100/333 = 9.9…, 33 × 101/333 = 10.009…; 19 % of 90 + 91 = 34.39.
    assert minors(made) == ([(100, 10), (101, 10), (0, 0)], [(34, 181)])


def test_the_rest_of_a_rate_takes_the_rest_of_its_tax() -> None:
    made = credit_lines(
        {0: None}, lines=[left(103, 0, P19)], taxes=[(P19, usd(21))], currency="USD"
    )

    assert minors(made) == ([(103, 0)], [(21, 103)])


def test_more_than_is_left_of_a_line_is_refused_naming_it() -> None:
    with pytest.raises(TooMuch) as refused:
        credit_lines({1: usd(101)}, lines=[left(500), left(100)], taxes=[], currency="USD")

    assert (refused.value.left, refused.value.index) == (usd(100), 1)


def test_lines_above_what_is_left_in_all_are_refused() -> None:
    with pytest.raises(TooMuch) as refused:
        credit_lines({0: None}, lines=[left(500), left(-450)], taxes=[], currency="USD")

    assert (refused.value.left, refused.value.index) == (usd(50), None)


@given(
    st.lists(
        st.tuples(st.integers(-500, 5000), st.integers(0, 100), st.sampled_from([None, P19, P7])),
        min_size=1,
        max_size=6,
    ),
    st.lists(st.integers(1, 4000), min_size=1, max_size=5),
)
def test_notes_never_take_more_than_there_is_and_end_with_nothing_left(
    rows: list[tuple[int, int, Decimal | None]], sums: list[int]
) -> None:
    lines = [left(amount, amount * off // 100, percent) for amount, off, percent in rows]
    taxes = [
        (percent, Money.rounded(base.major * percent / 100, "USD"))
        for percent in (P19, P7)
        for base in [Money.total((x.net for x in lines if x.percent == percent), "USD")]
    ]

    while (rest := whole(lines, taxes)).minor > 0:
        asked = min(usd(sums.pop() if sums else rest.minor), rest)
        made = credit_total(asked, lines=lines, taxes=taxes)
        assert made.total == asked
        for line, (amount, discount) in zip(lines, made.lines, strict=True):
            assert within(amount, line.amount)
            assert within(discount, line.discount)
        lines = [
            LineLeft(amount=x.amount - a, discount=x.discount - d, percent=x.percent)
            for x, (a, d) in zip(lines, made.lines, strict=True)
        ]
        taxes = [
            (percent, tax - taken)
            for (percent, tax), (taken, _) in zip(taxes, made.taxes, strict=True)
        ]

    assert rest.minor <= 0


def whole(lines: list[LineLeft], taxes: list[tuple[Decimal, Money]]) -> Money:
    return Money.total([*(x.net for x in lines), *(tax for _, tax in taxes)], "USD")


def within(part: Money, of: Money) -> bool:
    return min(of.minor, 0) <= part.minor <= max(of.minor, 0)
