"""PER_UNIT: every unit costs the same."""

from decimal import Decimal

from billing.pricing.parts import Part


def per_unit(*, quantity: Decimal, unit_price: Decimal) -> list[Part]:
    """Price each unit alike. A quantity below zero, of corrections, costs less than nothing.

    >>> [part.amount for part in per_unit(quantity=Decimal(1001), unit_price=Decimal("0.0035"))]
    [Decimal('3.5035')]
    """
    zero = Decimal(0)
    return [Part(from_=zero, to=quantity, quantity=quantity, unit_price=unit_price, flat_fee=zero)]
