"""What must hold for every invoice, whatever its lines, discounts, rates and credits."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.money import Money
from invoicing.calculation import (
    CreditInput,
    DiscountInput,
    LineInput,
    LineType,
    TaxRateInput,
    calculate,
)

CATEGORIES = ["STANDARD", "REDUCED", "OTHER", "UNTAXED"]
MAY = datetime(2025, 5, 1, tzinfo=UTC)


def money(low: int, high: int) -> st.SearchStrategy[Money]:
    return st.integers(low, high).map(lambda minor: Money(minor, "USD"))


lines = st.lists(
    st.builds(
        LineInput,
        type=st.sampled_from(
            [kind for kind in LineType if kind not in {LineType.DISCOUNT, LineType.TAX}]
        ),
        amount=money(-5_000, 50_000),
        tax_category=st.sampled_from(CATEGORIES),
    ),
    max_size=8,
)
percentages = st.decimals(0, 120, places=2, allow_nan=False)
discounts = st.lists(
    st.one_of(
        st.builds(DiscountInput, percent=percentages),
        st.builds(DiscountInput, amount=money(0, 50_000)),
    ),
    max_size=4,
)
rates = st.dictionaries(
    st.sampled_from(CATEGORIES[:-1]), st.sampled_from(["0", "7", "7.0", "19", "8.875"])
).map(
    lambda chosen: [
        TaxRateInput(category=name, percent=Decimal(text)) for name, text in chosen.items()
    ]
)
expiries = st.none() | st.integers(0, 5).map(lambda days: MAY + timedelta(days=days))
grants = st.lists(st.tuples(money(0, 20_000), expiries), max_size=5).map(
    lambda drawn: [
        CreditInput(grant=place, remaining=left, expires_at=expiry)
        for place, (left, expiry) in enumerate(drawn)
    ]
)
invoices = st.fixed_dictionaries(
    {
        "currency": st.just("USD"),
        "lines": lines,
        "discounts": discounts,
        "tax_rates": rates,
        "grants": grants,
    }
)


def half_away(amount: Fraction) -> int:
    """Round as the contract says, written apart from the kernel."""
    size = floor(abs(amount) + Fraction(1, 2))
    return size if amount > 0 else -size


def discountable(line: LineInput) -> bool:
    positive = line.type is LineType.PRORATION and line.amount.minor > 0
    return positive or line.type in {LineType.PLAN, LineType.USAGE, LineType.MINIMUM}


@given(invoices)
def test_the_lines_sum_to_the_total_less_the_credit_granted(given_inputs: dict[str, Any]) -> None:
    invoice = calculate(**given_inputs)

    summed = Money.total((line.amount for line in invoice.lines), "USD")
    assert summed == invoice.total - invoice.credit_granted
    assert summed == invoice.subtotal - invoice.discount_total + invoice.tax_total
    assert min(invoice.total.minor, invoice.credit_granted.minor) == 0
    assert invoice.subtotal == Money.total((line.amount for line in given_inputs["lines"]), "USD")


@given(invoices)
def test_discounts_are_what_a_plain_count_says(given_inputs: dict[str, Any]) -> None:
    invoice = calculate(**given_inputs)

    left = sum(line.amount.minor for line in given_inputs["lines"] if discountable(line))
    left = max(left, 0)
    base = left
    for one in given_inputs["discounts"]:
        if one.percent is not None:
            left = max(left - half_away(left * Fraction(one.percent) / 100), 0)
    for one in given_inputs["discounts"]:
        if one.amount is not None:
            left = max(left - one.amount.minor, 0)
    assert invoice.discount_total.minor == base - left
    assert sum(off.minor for off in invoice.discounts) == base - left


@given(invoices)
def test_the_discount_is_spread_over_the_discountable_lines(given_inputs: dict[str, Any]) -> None:
    invoice = calculate(**given_inputs)

    shown = list(zip(given_inputs["lines"], invoice.lines, strict=False))
    assert sum(line.discount.minor for line in invoice.lines) == invoice.discount_total.minor
    base = sum(line.amount.minor for line, _ in shown if discountable(line))
    for line, calculated in shown:
        if not discountable(line) or base <= 0:
            assert calculated.discount.minor == 0
            continue
        exact = Fraction(invoice.discount_total.minor * line.amount.minor, base)
        assert abs(calculated.discount.minor - exact) < 1
        assert abs(calculated.discounted.minor) <= abs(line.amount.minor)
        assert calculated.discounted.minor * line.amount.minor >= 0


@given(invoices)
def test_each_rate_is_taxed_once_on_its_discounted_sum(given_inputs: dict[str, Any]) -> None:
    invoice = calculate(**given_inputs)

    expected: dict[Fraction, int] = {}
    percent_of = {rate.category: Fraction(rate.percent) for rate in given_inputs["tax_rates"]}
    for line, shown in zip(given_inputs["lines"], invoice.lines, strict=False):
        percent = percent_of.get(line.tax_category)
        if percent is not None:
            expected[percent] = expected.get(percent, 0) + shown.discounted.minor
    found = {
        Fraction(line.tax_percent): line.amount.minor
        for line in invoice.lines
        if line.type is LineType.TAX and line.tax_percent is not None
    }
    assert found == {rate: half_away(base * rate / 100) for rate, base in expected.items()}
    assert invoice.tax_total.minor == sum(found.values())


def expires_on(grant: CreditInput, day: int) -> bool:
    return grant.expires_at == MAY + timedelta(days=day)


@given(invoices)
def test_credits_pay_what_they_can_and_the_soonest_to_expire_first(
    given_inputs: dict[str, Any],
) -> None:
    invoice = calculate(**given_inputs)

    all_grants = given_inputs["grants"]
    available = sum(grant.remaining.minor for grant in all_grants)
    assert invoice.credits_total.minor == min(available, invoice.total.minor)
    assert invoice.amount_due == invoice.total - invoice.credits_total
    used = {use.grant: use.amount.minor for use in invoice.credits_applied}
    assert all(amount > 0 for amount in used.values())
    in_order = [grant for day in range(6) for grant in all_grants if expires_on(grant, day)]
    in_order += [grant for grant in all_grants if grant.expires_at is None]
    for sooner, later in pairwise(in_order):
        used_up = used.get(sooner.grant, 0) == sooner.remaining.minor
        assert used_up or later.grant not in used
