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


def test_the_worked_example_is_what_is_computed() -> None:
    lines = [
        LineInput(
            type=LineType.PLAN if "plan" in name else LineType.USAGE,
            amount=Money.rounded(Decimal(price), "EUR"),
            tax_category=name.split(", ")[1],
            inclusive=held == "yes",
        )
        for name, price, held, _off, _net in rows("line")
    ]
    rates = [
        TaxRateInput(category="STANDARD", percent=Decimal(19), tax="VAT"),
        TaxRateInput(category="BOOKS", percent=Decimal(7), tax="VAT"),
    ]

    found = calculate(
        currency="EUR",
        lines=lines,
        discounts=[DiscountInput(percent=Decimal(10))],
        tax_rates=rates,
    )

    sold = found.lines[: len(lines)]
    assert [[line.discount.amount, line.discounted.amount] for line in sold] == [
        row[3:] for row in rows("line")
    ]
    taxes = [line for line in found.lines if line.type is LineType.TAX]
    assert [
        [f"{line.tax_percent} %", line.base.amount if line.base else "", line.amount.amount]
        for line in taxes
    ] == rows("tax")
    told = re.search(
        r"Subtotal ([\d.]+), discounts ([\d.]+), tax ([\d.]+), \*\*total ([\d.]+)\*\*", EXAMPLE
    )
    assert told is not None
    assert told.groups() == (
        found.subtotal.amount,
        found.discount_total.amount,
        found.tax_total.amount,
        found.total.amount,
    )
    off = re.search(
        r"10 % of ([\d.]+), ([\d.]+), and is spread as ([\d.]+), ([\d.]+) and ([\d.]+)", EXAMPLE
    )
    plain = calculate(currency="EUR", lines=lines, discounts=[DiscountInput(percent=Decimal(10))])
    assert off is not None
    assert off.groups() == (
        plain.subtotal.amount,
        plain.discount_total.amount,
        *(line.discount.amount for line in plain.lines[: len(lines)]),
    )
