"""What was agreed for a charge, and the usage that it is asked for."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing.pricing.tiers import Tier


class ChargeModel(StrEnum):
    PER_UNIT = "PER_UNIT"
    PACKAGE = "PACKAGE"
    GRADUATED = "GRADUATED"
    VOLUME = "VOLUME"
    PERCENTAGE = "PERCENTAGE"
    STAIRCASE = "STAIRCASE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeTerms:
    """How a charge is priced. Money in major units, `rate` in percent; None: not given.

    Which fields a model needs and forbids is held by `validate_terms`.
    """

    model: ChargeModel
    included_quantity: Decimal | None = None
    unit_price: Decimal | None = None
    package_size: Decimal | None = None
    package_price: Decimal | None = None
    tiers: tuple[Tier, ...] | None = None
    rate: Decimal | None = None
    fixed_fee: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The usage of a period: its aggregated quantity, and how many events made it.

    `events` leaves corrections and voided events out: it is what a fixed fee is due for.
    """

    quantity: Decimal
    events: int
