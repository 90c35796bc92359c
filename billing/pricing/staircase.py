"""STAIRCASE: one fee for all, that of the step which the quantity has reached."""

from collections.abc import Sequence
from decimal import Decimal

from billing.pricing.parts import Part
from billing.pricing.tiers import Tier, tier_of


def staircase(*, quantity: Decimal, tiers: Sequence[Tier]) -> list[Part]:
    """Price the whole quantity by its tier's flat fee alone. Raises PricingError as `volume` does.

    >>> tiers = [
    ...     Tier(up_to=Decimal(100), flat_fee=Decimal(10)),
    ...     Tier(up_to=None, flat_fee=Decimal(50)),
    ... ]
    >>> [str(part.amount) for part in staircase(quantity=Decimal("100.01"), tiers=tiers)]
    ['50.00']
    """
    zero = Decimal(0)
    fee = tier_of(quantity, tiers).fee
    return [Part(from_=zero, to=quantity, quantity=quantity, unit_price=zero, flat_fee=fee)]
