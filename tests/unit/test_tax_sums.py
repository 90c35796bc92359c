"""Taxes that stack and prices that hold them, against a count that is written differently."""

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.money import Money
from invoicing.calculation import (
    Calculated,
    DiscountInput,
    LineInput,
    LineType,
    TaxRateInput,
    calculate,
)
from invoicing.calculation.inclusive import share_out

GIVEN = [kind for kind in LineType if kind not in {LineType.DISCOUNT, LineType.TAX}]
CATEGORIES = ["STANDARD", "REDUCED", "UNTAXED"]
PERCENTS = ["0", "5", "7", "9.975", "19", "100"]

lines = st.lists(
    st.builds(
        LineInput,
        type=st.sampled_from(GIVEN),
        amount=st.integers(-5_000, 50_000).map(lambda minor: Money(minor, "EUR")),
        tax_category=st.sampled_from(CATEGORIES),
        inclusive=st.booleans(),
    ),
    max_size=8,
)
discounts = st.lists(
    st.one_of(
        st.builds(DiscountInput, percent=st.decimals(0, 120, places=2, allow_nan=False)),
        st.builds(
            DiscountInput, amount=st.integers(0, 20_000).map(lambda minor: Money(minor, "EUR"))
        ),
    ),
    max_size=3,
)
rates = st.dictionaries(
    st.tuples(st.sampled_from(CATEGORIES[:-1]), st.sampled_from(["VAT", "LOCAL"])),
    st.sampled_from(PERCENTS),
).map(
    lambda drawn: [
        TaxRateInput(category=category, tax=tax, percent=Decimal(percent))
        for (category, tax), percent in drawn.items()
    ]
)
invoices = st.fixed_dictionaries(
    {"currency": st.just("EUR"), "lines": lines, "discounts": discounts, "tax_rates": rates}
)


def half_away(amount: Fraction) -> int:
    size = floor(abs(amount) + Fraction(1, 2))
    return size if amount > 0 else -size


def shown(invoice: Calculated, inputs: dict[str, Any]) -> list[Any]:
    return list(zip(inputs["lines"], invoice.lines, strict=False))


def spread(inputs: dict[str, Any]) -> list[Money]:
    """Return the discount of each line in the prices' own terms: what it is without any tax."""
    plain = calculate(**{**inputs, "tax_rates": []})
    return [line.discount for line in plain.lines[: len(inputs["lines"])]]


def exact_tax(
    line: LineInput, amount: int, rates_of: dict[str, dict[str, Fraction]], tax: str
) -> Fraction:
    """Return the exact tax of one kind on or in a discounted amount."""
    own = rates_of.get(line.tax_category, {})
    rate = own.get(tax, Fraction(0))
    if not line.inclusive:
        return amount * rate / 100
    net = amount / (1 + sum(own.values(), Fraction(0)) / 100)
    return net * rate / 100


@given(invoices)
def test_each_rate_is_rounded_once_over_all_that_falls_under_it(inputs: dict[str, Any]) -> None:
    invoice = calculate(**inputs)

    rates_of: dict[str, dict[str, Fraction]] = {}
    for rate in inputs["tax_rates"]:
        rates_of.setdefault(rate.category, {})[rate.tax] = Fraction(rate.percent)
    left = [
        (line, (line.amount - off).minor)
        for line, off in zip(inputs["lines"], spread(inputs), strict=True)
    ]
    expected: dict[tuple[str, Fraction], Fraction] = {}
    for line, amount in left:
        for tax, percent in rates_of.get(line.tax_category, {}).items():
            key = (tax, percent)
            expected[key] = expected.get(key, Fraction(0)) + exact_tax(line, amount, rates_of, tax)
    found = {
        (inputs["tax_rates"][line.source].tax, Fraction(line.tax_percent or 0)): line.amount.minor
        for line in invoice.lines
        if line.type is LineType.TAX
    }
    assert found == {key: half_away(tax) for key, tax in expected.items()}


@given(invoices)
def test_lines_sum_to_the_total_and_no_line_changes_its_sum(inputs: dict[str, Any]) -> None:
    invoice = calculate(**inputs)

    summed = sum(line.amount.minor for line in invoice.lines)
    assert summed == invoice.total.minor - invoice.credit_granted.minor
    assert invoice.subtotal.minor == sum(line.amount.minor for _, line in shown(invoice, inputs))
    of_discounts = [line for line in invoice.lines if line.type is LineType.DISCOUNT]
    assert invoice.discount_total.minor == -sum(line.amount.minor for line in of_discounts)
    assert invoice.discount_total.minor == sum(line.discount.minor for line in invoice.lines)


@given(invoices)
def test_where_all_prices_hold_their_tax_it_adds_nothing(inputs: dict[str, Any]) -> None:
    held = [
        LineInput(
            type=line.type, amount=line.amount, tax_category=line.tax_category, inclusive=True
        )
        for line in inputs["lines"]
    ]

    taxed = calculate(**{**inputs, "lines": held})
    untaxed = calculate(**{**inputs, "lines": held, "tax_rates": []})

    assert (taxed.total, taxed.credit_granted) == (untaxed.total, untaxed.credit_granted)
    assert taxed.discounts == untaxed.discounts


@given(invoices)
def test_a_rates_base_and_tax_are_what_its_lines_cost(inputs: dict[str, Any]) -> None:
    single = [rate for rate in inputs["tax_rates"] if rate.tax == "VAT"]
    held = [
        LineInput(
            type=line.type, amount=line.amount, tax_category=line.tax_category, inclusive=True
        )
        for line in inputs["lines"]
    ]
    inputs = {**inputs, "lines": held, "tax_rates": single}

    invoice = calculate(**inputs)

    left = [line.amount - off for line, off in zip(held, spread(inputs), strict=True)]
    percent_of = {rate.category: rate.percent for rate in single}
    for tax in [line for line in invoice.lines if line.type is LineType.TAX]:
        costs = sum(
            amount.minor
            for line, amount in zip(held, left, strict=True)
            if percent_of.get(line.tax_category) == tax.tax_percent
        )
        assert tax.base is not None
        assert tax.base.minor + tax.amount.minor == costs


@given(invoices)
def test_a_line_is_off_by_less_than_a_unit_for_each_rate(inputs: dict[str, Any]) -> None:
    invoice = calculate(**inputs)

    stacks: dict[str, Fraction] = {}
    for rate in inputs["tax_rates"]:
        stacks[rate.category] = stacks.get(rate.category, Fraction(0)) + Fraction(rate.percent)
    offs = spread(inputs)
    for (line, calculated), off in zip(shown(invoice, inputs), offs, strict=True):
        if not line.inclusive:
            assert (calculated.amount, calculated.discount) == (line.amount, off)
            assert calculated.gross is None
            continue
        exact = (line.amount - off).minor / (1 + stacks.get(line.tax_category, Fraction(0)) / 100)
        assert abs(calculated.discounted.minor - exact) < 4  # two rates, each of two roundings
        assert calculated.gross == line.amount


@given(st.lists(st.fractions(-50, 50, max_denominator=40), max_size=9), st.integers(-2, 2))
def test_shares_sum_to_what_is_shared_out(exact: list[Fraction], off: int) -> None:
    total = half_away(sum(exact, Fraction(0))) + (off if any(exact) else 0)

    shares = share_out(total, exact)

    assert sum(shares) == (total if any(exact) else 0)
    assert all(share == 0 for share, part in zip(shares, exact, strict=True) if not part)
    assert all(abs(share - part) < 5 for share, part in zip(shares, exact, strict=True))
