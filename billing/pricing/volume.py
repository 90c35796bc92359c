"""VOLUME: the whole quantity at the price of the one tier that it falls in."""

from collections.abc import Sequence
from decimal import Decimal

from billing.pricing.parts import Part
from billing.pricing.tiers import Tier, tier_of


def volume(*, quantity: Decimal, tiers: Sequence[Tier]) -> list[Part]:
    """Price all units by one tier, and add its flat fee. Raises PricingError for incomplete tiers.

    So one unit more can make the whole cheaper.

    >>> tiers = [
    ...     Tier(up_to=Decimal(1000), unit_price=Decimal("0.02")),
    ...     Tier(up_to=None, unit_price=Decimal("0.015"), flat_fee=Decimal(3)),
    ... ]
    >>> [str(part.amount) for part in volume(quantity=Decimal(1001), tiers=tiers)]
    ['18.015']
    """
    tier = tier_of(quantity, tiers)
    return [
        Part(
            from_=Decimal(0),
            to=quantity,
            quantity=quantity,
            unit_price=tier.price_of_one,
            flat_fee=tier.fee,
        )
    ]
