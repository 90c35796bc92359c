"""Stacked taxes and inclusive prices, in numbers that were worked out by hand."""

from decimal import Decimal

import pytest

from billing.kernel.money import Money
from invoicing.calculation import (
    Calculated,
    DiscountInput,
    LineInput,
    LineType,
    TaxRateInput,
    calculate,
)


def price(amount: int, currency: str = "EUR", category: str = "STANDARD") -> LineInput:
    return LineInput(
        type=LineType.PLAN,
        amount=Money(amount, currency),
        tax_category=category,
        inclusive=True,
    )


def vat(percent: str, category: str = "STANDARD", tax: str = "VAT") -> TaxRateInput:
    return TaxRateInput(category=category, percent=Decimal(percent), tax=tax)


def amounts(invoice: Calculated) -> list[tuple[str, str]]:
    return [(line.type.value, line.amount.amount) for line in invoice.lines]


def test_federal_and_provincial_tax_stand_on_the_same_base() -> None:
    line = LineInput(type=LineType.PLAN, amount=Money(10_000, "CAD"))

    invoice = calculate(
        currency="CAD", lines=[line], tax_rates=[vat("5", tax="GST"), vat("9.975", tax="QST")]
    )

    assert amounts(invoice) == [("PLAN", "100.00"), ("TAX", "5.00"), ("TAX", "9.98")]
    assert invoice.lines[0].tax_percent == Decimal("14.975")
    assert [line.base for line in invoice.lines[1:]] == [Money(10_000, "CAD")] * 2
    assert invoice.total.amount == "114.98"


def test_taxes_of_the_same_percentage_have_a_line_each() -> None:
    line = LineInput(type=LineType.PLAN, amount=Money(1_000, "CAD"))

    invoice = calculate(
        currency="CAD", lines=[line], tax_rates=[vat("5", tax="GST"), vat("5", tax="PST")]
    )

    assert amounts(invoice) == [("PLAN", "10.00"), ("TAX", "0.50"), ("TAX", "0.50")]


def test_an_inclusive_price_is_the_total() -> None:
    invoice = calculate(currency="EUR", lines=[price(11_900)], tax_rates=[vat("19")])

    assert amounts(invoice) == [("PLAN", "100.00"), ("TAX", "19.00")]
    assert (invoice.subtotal.amount, invoice.total.amount) == ("100.00", "119.00")


def test_a_discount_on_inclusive_prices_is_off_what_they_say() -> None:
    invoice = calculate(
        currency="EUR",
        lines=[price(11_900)],
        discounts=[DiscountInput(amount=Money(1_190, "EUR"))],
        tax_rates=[vat("19")],
    )

    assert amounts(invoice) == [("PLAN", "100.00"), ("DISCOUNT", "-10.00"), ("TAX", "17.10")]
    assert invoice.discounts == (Money(1_190, "EUR"),)
    assert invoice.total.amount == "107.10"


def test_three_inclusive_lines_hold_their_tax_together() -> None:
    invoice = calculate(currency="EUR", lines=[price(100)] * 3, tax_rates=[vat("19")])

    # 3.00 holds 0.478…: 0.48, of which each line holds 0.159…; all three round to 0.16.
    assert amounts(invoice) == [
        ("PLAN", "0.84"),
        ("PLAN", "0.84"),
        ("PLAN", "0.84"),
        ("TAX", "0.48"),
    ]
    assert invoice.total.amount == "3.00"


def test_two_taxes_in_one_price_leave_the_price_as_it_is() -> None:
    invoice = calculate(
        currency="CAD",
        lines=[price(11_498, "CAD")],
        tax_rates=[vat("5", tax="GST"), vat("9.975", tax="QST")],
    )

    assert amounts(invoice) == [("PLAN", "100.00"), ("TAX", "5.00"), ("TAX", "9.98")]
    assert invoice.total.amount == "114.98"


def test_inclusive_and_exclusive_lines_share_one_line_of_tax() -> None:
    on_top = LineInput(type=LineType.USAGE, amount=Money(103, "EUR"))

    invoice = calculate(currency="EUR", lines=[price(103), on_top], tax_rates=[vat("19")])

    # 1.03 holds 0.1644…, and 0.1957 comes on top of the other: 0.3601…, rounded once.
    assert amounts(invoice) == [("PLAN", "0.87"), ("USAGE", "1.03"), ("TAX", "0.36")]
    assert invoice.total.amount == "2.26"


def test_a_negative_inclusive_sum_gives_its_tax_back() -> None:
    line = LineInput(type=LineType.PRORATION, amount=Money(-1_450, "EUR"), inclusive=True)

    invoice = calculate(currency="EUR", lines=[line], tax_rates=[vat("19")])

    assert amounts(invoice) == [("PRORATION", "-12.18"), ("TAX", "-2.32")]
    assert (invoice.total.amount, invoice.credit_granted.amount) == ("0.00", "14.50")


@pytest.mark.parametrize(
    ("currency", "amount", "net", "tax"),
    [("JPY", 1_100, "1000", "100"), ("JPY", 999, "908", "91"), ("KWD", 1_100, "1.000", "0.100")],
)
def test_currencies_of_no_and_three_decimals(
    currency: str, amount: int, net: str, tax: str
) -> None:
    invoice = calculate(currency=currency, lines=[price(amount, currency)], tax_rates=[vat("10")])

    assert amounts(invoice) == [("PLAN", net), ("TAX", tax)]


def test_a_price_without_a_rate_holds_no_tax() -> None:
    invoice = calculate(currency="EUR", lines=[price(500, category="OTHER")], tax_rates=[vat("19")])

    assert amounts(invoice) == [("PLAN", "5.00")]
