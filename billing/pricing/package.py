"""PACKAGE: usage is sold in whole packages."""

from decimal import Decimal
from fractions import Fraction
from math import ceil

from billing.pricing.parts import Part


def package(*, quantity: Decimal, package_size: Decimal, package_price: Decimal) -> list[Part]:
    """Price every package that was begun, in full; the part's quantity counts packages.

    >>> [part] = package(
    ...     quantity=Decimal(1001), package_size=Decimal(1000), package_price=Decimal("0.01")
    ... )
    >>> part.quantity, part.amount
    (Decimal('2'), Decimal('0.02'))
    """
    zero = Decimal(0)
    # By Fraction: a quotient of decimals has no end in general, and rounding it could lose the
    # little that begins another package.
    packages = Decimal(ceil(Fraction(quantity) / Fraction(package_size)))
    return [
        Part(from_=zero, to=quantity, quantity=packages, unit_price=package_price, flat_fee=zero)
    ]
