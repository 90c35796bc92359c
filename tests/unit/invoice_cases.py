"""Short names for the inputs of an invoice in dollars, and for what its tests look at."""

from decimal import Decimal

from billing.kernel.money import Money
from invoicing.calculation import (
    Calculated,
    DiscountInput,
    LineInput,
    LineType,
    TaxRateInput,
)

D = Decimal


def usd(amount: str) -> Money:
    return Money.rounded(D(amount), "USD")


def usage(*amounts: str) -> list[LineInput]:
    return [LineInput(type=LineType.USAGE, amount=usd(amount)) for amount in amounts]


def line(line_type: LineType, amount: str, category: str = "STANDARD") -> LineInput:
    return LineInput(type=line_type, amount=usd(amount), tax_category=category)


def percent(value: str) -> DiscountInput:
    return DiscountInput(percent=D(value))


def amount_off(value: str) -> DiscountInput:
    return DiscountInput(amount=usd(value))


def standard_tax(value: str) -> list[TaxRateInput]:
    return [TaxRateInput(category="STANDARD", percent=D(value))]


def taken(invoice: Calculated) -> list[str]:
    return [amount.amount for amount in invoice.discounts]


def spread(invoice: Calculated) -> list[str]:
    return [
        shown.discount.amount
        for shown in invoice.lines
        if shown.type not in {LineType.DISCOUNT, LineType.TAX}
    ]


def of_type(invoice: Calculated, wanted: LineType) -> list[str]:
    return [shown.amount.amount for shown in invoice.lines if shown.type is wanted]
