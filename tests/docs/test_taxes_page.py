"""The worked example of the guide's page on tax is what the calculation says."""

from __future__ import annotations

import re
from decimal import Decimal

from billing.kernel.money import Money
from invoicing.calculation import (
    DiscountInput,
    LineInput,
    LineType,
    TaxRateInput,
    calculate,
)
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs/guide/taxes.md").read_text()
EXAMPLE = PAGE.split("## An example")[1].split("\n## ")[0]


def rows(first: str) -> list[list[str]]:
    """Return the cells of the table whose head begins with `first`."""
    table = EXAMPLE.split(f"| {first} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


TEN_PERCENT = [DiscountInput(percent=Decimal(10))]
RATES = [
    TaxRateInput(category="STANDARD", percent=Decimal(19), tax="VAT"),
    TaxRateInput(category="BOOKS", percent=Decimal(7), tax="VAT"),
]


def given() -> list[LineInput]:
    return [
        LineInput(
            type=LineType.PLAN if "plan" in name else LineType.USAGE,
            amount=Money.rounded(Decimal(price), "EUR"),
            tax_category=name.split(", ")[1],
            inclusive=held == "yes",
        )
        for name, price, held, _off, _net in rows("line")
    ]


def told(sentence: str) -> list[str]:
    """Return the amounts of the example's paragraph that begins with these words."""
    paragraph = EXAMPLE.split(sentence)[1].split("\n\n")[0]
    return re.findall(r"\d+\.\d\d", paragraph)


def test_the_tables_are_what_is_computed() -> None:
    found = calculate(currency="EUR", lines=given(), discounts=TEN_PERCENT, tax_rates=RATES)

    sold = found.lines[: len(given())]
    assert [[line.discount.amount, line.discounted.amount] for line in sold] == [
        row[3:] for row in rows("line")
    ]
    taxes = [line for line in found.lines if line.type is LineType.TAX]
    assert [
        [f"{line.tax_percent} %", line.base.amount if line.base else "", line.amount.amount]
        for line in taxes
    ] == rows("tax")


def test_the_sums_are_what_is_computed() -> None:
    found = calculate(currency="EUR", lines=given(), discounts=TEN_PERCENT, tax_rates=RATES)

    sums = (found.subtotal, found.discount_total, found.tax_total, found.total)
    assert told("Subtotal") == [amount.amount for amount in sums]


def test_the_discount_is_spread_over_the_prices() -> None:
    plain = calculate(currency="EUR", lines=given(), discounts=TEN_PERCENT)

    assert told("The discount is 10 % of") == [
        plain.subtotal.amount,
        plain.discount_total.amount,
        *(line.discount.amount for line in plain.lines[: len(given())]),
    ]
