"""Tiers: consecutive ranges of quantity, each with its own price."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.kernel.decimals import format_decimal
from billing.pricing.errors import PricingError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Quantities above the tier before, up to and including `up_to`; None is without an end.

    A price that is None was not given, and counts as zero.
    """

    up_to: Decimal | None
    unit_price: Decimal | None = None
    flat_fee: Decimal | None = None

    @property
    def price_of_one(self) -> Decimal:
        return Decimal(0) if self.unit_price is None else self.unit_price

    @property
    def fee(self) -> Decimal:
        return Decimal(0) if self.flat_fee is None else self.flat_fee


def order_problems(tiers: Sequence[Tier]) -> list[Problem]:
    """List why some quantity would have no tier, or two: gaps, overlaps, a closed end."""
    if not tiers:
        return [Problem("tiers", "must hold at least one tier")]
    problems = []
    floor = Decimal(0)
    for index, tier in enumerate(tiers[:-1]):
        name = f"tiers[{index}].upTo"
        if tier.up_to is None:
            problems.append(Problem(name, "must be given: only the last tier is open-ended"))
        elif not tier.up_to > floor:
            message = f"must be above {format_decimal(floor)}, where the tier before it ends"
            problems.append(Problem(name, message if index else "must be above 0"))
        else:
            floor = tier.up_to
    if tiers[-1].up_to is not None:
        problems.append(
            Problem(f"tiers[{len(tiers) - 1}].upTo", "must be null: the last tier is open-ended")
        )
    return problems


def require_complete(tiers: Sequence[Tier]) -> None:
    """Raise PricingError unless every quantity from zero up has exactly one tier."""
    problems = order_problems(tiers)
    if problems:
        raise PricingError(problems[0])


def tier_of(quantity: Decimal, tiers: Sequence[Tier]) -> Tier:
    """Return the one tier that a quantity falls in. Raises PricingError for incomplete tiers."""
    require_complete(tiers)
    return next(tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to)
