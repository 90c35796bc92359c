"""From lines to what is due: discounts, then tax, then credits."""

from collections.abc import Iterator, Mapping, Sequence

from billing.kernel.money import Money
from invoicing.calculation.credits import use_credits
from invoicing.calculation.discounts import discount
from invoicing.calculation.inclusive import Net, carve_out
from invoicing.calculation.tax import RateKey, TaxOfRate, stacks_of, summed, tax_by_rate
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

    The total is floored at zero, and what lies below becomes `credit_granted`. Inclusive lines
    cost what they say, less discounts: their taxes are carved out of them. Raises
    CurrencyMismatch where an amount is of another currency, AmountTooLarge beyond the bound.

    >>> plan = LineInput(type=LineType.PLAN, amount=Money(1000, "USD"))
    >>> calculate(currency="USD", lines=[plan]).amount_due.amount
    '10.00'
    """
    discounted = discount(lines=lines, discounts=discounts, currency=currency)
    stacks = stacks_of(tax_rates)
    taxes = tax_by_rate(
        lines=[
            (line, line.amount - off) for line, off in zip(lines, discounted.by_line, strict=True)
        ],
        rates=tax_rates,
        stacks=stacks,
        currency=currency,
    )
    net = carve_out(
        lines=lines, discounted=discounted, stacks=stacks, taxes=taxes, currency=currency
    )
    given = _given_lines(lines, net, stacks)
    subtotal = Money.total(net.amounts, currency)
    discount_total = Money.total(net.by_discount, currency)
    tax_total = Money.total((tax.tax for tax in taxes), currency)
    balance = subtotal - discount_total + tax_total
    total = max(balance, Money.zero(currency))
    uses = use_credits(due=total, grants=grants)
    return Calculated(
        currency=currency,
        lines=(*given, *_discount_lines(net), *_tax_lines(taxes, lines, given, stacks)),
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
    lines: Sequence[LineInput], net: Net, stacks: Mapping[str, tuple[RateKey, ...]]
) -> list[CalculatedLine]:
    return [
        CalculatedLine(
            type=line.type,
            source=index,
            amount=net.amounts[index],
            discount=net.by_line[index],
            tax_percent=summed(stacks[line.tax_category]) if line.tax_category in stacks else None,
            gross=line.amount if line.inclusive else None,
        )
        for index, line in enumerate(lines)
    ]


def _discount_lines(net: Net) -> list[CalculatedLine]:
    return [
        CalculatedLine(
            type=LineType.DISCOUNT,
            source=index,
            amount=-off,
            discount=Money.zero(off.currency),
        )
        for index, off in enumerate(net.by_discount)
        if off
    ]


def _tax_lines(
    taxes: Sequence[TaxOfRate],
    lines: Sequence[LineInput],
    given: Sequence[CalculatedLine],
    stacks: Mapping[str, tuple[RateKey, ...]],
) -> Iterator[CalculatedLine]:
    for tax in taxes:
        under = [
            shown.discounted
            for line, shown in zip(lines, given, strict=True)
            if tax.key in stacks.get(line.tax_category, ())
        ]
        yield CalculatedLine(
            type=LineType.TAX,
            source=tax.source,
            amount=tax.tax,
            discount=Money.zero(tax.tax.currency),
            tax_percent=tax.key[1],
            base=Money.total(under, tax.tax.currency),
        )
