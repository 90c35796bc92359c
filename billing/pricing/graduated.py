"""GRADUATED: each tier's share of the quantity at its own price."""

from collections.abc import Sequence
from decimal import Decimal

from billing.kernel.decimals import EXACT
from billing.pricing.parts import Part
from billing.pricing.tiers import Tier, require_complete


def graduated(*, quantity: Decimal, tiers: Sequence[Tier]) -> list[Part]:
    """Price each unit in the tier that it falls in; one part for each tier reached.

    A tier's flat fee is due once the quantity reaches into it, the first tier's even at zero.
    Raises PricingError for incomplete tiers.

    >>> tiers = [
    ...     Tier(up_to=Decimal(100), unit_price=Decimal("0.10")),
    ...     Tier(up_to=None, unit_price=Decimal("0.05"), flat_fee=Decimal(3)),
    ... ]
    >>> [str(part.amount) for part in graduated(quantity=Decimal(150), tiers=tiers)]
    ['10.00', '5.50']
    """
    require_complete(tiers)
    parts: list[Part] = []
    floor = Decimal(0)
    for tier in tiers:
        if parts and quantity <= floor:
            break
        reached = quantity if tier.up_to is None else min(quantity, tier.up_to)
        part = Part(
            from_=floor,
            to=reached,
            quantity=EXACT.subtract(reached, floor),
            unit_price=tier.price_of_one,
            flat_fee=tier.fee,
        )
        parts.append(part)
        floor = reached
    return parts
