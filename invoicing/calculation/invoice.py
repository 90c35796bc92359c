"""From lines to what is due: discounts, then tax, then credits."""

from collections.abc import Sequence

from billing.kernel.money import Money
from invoicing.calculation.credits import use_credits
from invoicing.calculation.discounts import Discounted, discount
from invoicing.calculation.tax import TaxOfRate, percents, tax_by_rate
from invoicing.calculation.values import (
    Calculated,
    CalculatedLine,
    CreditInput,
    DiscountInput,
    LineInput,
    LineType,
    TaxRateInput,
)


def calculate(
    *,
    currency: str,
    lines: Sequence[LineInput],
    discounts: Sequence[DiscountInput] = (),
    tax_rates: Sequence[TaxRateInput] = (),
    grants: Sequence[CreditInput] = (),
) -> Calculated:
    """Calculate an invoice; its preview, its draft and its final form are all made here.

    The total is floored at zero, and what lies below becomes `credit_granted`. Raises
    CurrencyMismatch where an amount is of another currency, AmountTooLarge beyond the bound.

    >>> plan = LineInput(type=LineType.PLAN, amount=Money(1000, "USD"))
    >>> calculate(currency="USD", lines=[plan]).amount_due.amount
    '10.00'
    """
    discounted = discount(lines=lines, discounts=discounts, currency=currency)
    given = _given_lines(lines, discounted, tax_rates)
    taxes = tax_by_rate(
        bases=[
            (line.tax_category, shown.discounted) for line, shown in zip(lines, given, strict=True)
        ],
        rates=tax_rates,
        currency=currency,
    )
    subtotal = Money.total((line.amount for line in lines), currency)
    discount_total = Money.total(discounted.by_discount, currency)
    tax_total = Money.total((tax.tax for tax in taxes), currency)
    zero = Money.zero(currency)
    balance = subtotal - discount_total + tax_total
    total = max(balance, zero)
    uses = use_credits(due=total, grants=grants)
    return Calculated(
        currency=currency,
        lines=(*given, *_discount_lines(discounted, zero), *_tax_lines(taxes, zero)),
        discounts=discounted.by_discount,
        subtotal=subtotal,
        discount_total=discount_total,
        tax_total=tax_total,
        total=total,
        credit_granted=total - balance,
        credits_applied=tuple(uses),
        amount_due=total - Money.total((use.amount for use in uses), currency),
    )


def _given_lines(
    lines: Sequence[LineInput], discounted: Discounted, tax_rates: Sequence[TaxRateInput]
) -> list[CalculatedLine]:
    percent_of = percents(tax_rates)
    return [
        CalculatedLine(
            type=line.type,
            source=index,
            amount=line.amount,
            discount=discounted.by_line[index],
            tax_percent=percent_of.get(line.tax_category),
        )
        for index, line in enumerate(lines)
    ]


def _discount_lines(discounted: Discounted, zero: Money) -> list[CalculatedLine]:
    return [
        CalculatedLine(type=LineType.DISCOUNT, source=index, amount=-off, discount=zero)
        for index, off in enumerate(discounted.by_discount)
        if off
    ]


def _tax_lines(taxes: Sequence[TaxOfRate], zero: Money) -> list[CalculatedLine]:
    return [
        CalculatedLine(
            type=LineType.TAX,
            source=tax.source,
            amount=tax.tax,
            discount=zero,
            tax_percent=tax.percent,
            base=tax.base,
        )
        for tax in taxes
    ]
