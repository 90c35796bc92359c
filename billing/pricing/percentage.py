"""PERCENTAGE: a share of the money that the usage measures, and a fee for each event."""

from decimal import Decimal

from billing.kernel.decimals import EXACT
from billing.pricing.parts import Part


def percentage(
    *, quantity: Decimal, events: int, rate: Decimal, fixed_fee: Decimal = Decimal(0)
) -> list[Part]:
    """Price `rate` percent of the summed quantity, and the fixed fee for every event counted.

    >>> [part] = percentage(
    ...     quantity=Decimal("240.40"), events=3, rate=Decimal("1.25"), fixed_fee=Decimal("0.30")
    ... )
    >>> part.amount, part.flat_fee
    (Decimal('3.905000'), Decimal('0.90'))
    """
    return [
        Part(
            from_=Decimal(0),
            to=quantity,
            quantity=quantity,
            unit_price=EXACT.scaleb(rate, -2),
            flat_fee=EXACT.multiply(fixed_fee, Decimal(events)),
        )
    ]
