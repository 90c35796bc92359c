"""What the calculation of an invoice takes and gives."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from billing.kernel.money import Money


class LineType(StrEnum):
    PLAN = "PLAN"
    USAGE = "USAGE"
    MINIMUM = "MINIMUM"
    PRORATION = "PRORATION"
    ADJUSTMENT = "ADJUSTMENT"
    DISCOUNT = "DISCOUNT"
    TAX = "TAX"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInput:
    """A line before discounts and tax: its amount is rounded already, and may be negative.

    A negative PRORATION and an ADJUSTMENT come net of the discounts of their own period: no
    discount of this invoice touches them. Of an `inclusive` line the amount holds its taxes.
    """

    type: LineType
    amount: Money
    tax_category: str = "STANDARD"
    inclusive: bool = False

    def __post_init__(self) -> None:
        if self.type in {LineType.DISCOUNT, LineType.TAX}:
            raise ValueError("Discount and tax lines are calculated, not given")

    @property
    def is_discountable(self) -> bool:
        if self.type is LineType.PRORATION:
            return self.amount.minor > 0
        return self.type is not LineType.ADJUSTMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountInput:
    """Either a percentage (10 is ten percent) or an amount off; never negative."""

    percent: Decimal | None = None
    amount: Money | None = None

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("A discount is either a percentage or an amount")
        if (self.percent or 0) < 0 or (self.amount is not None and self.amount.minor < 0):
            raise ValueError("A discount is not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRateInput:
    """The rate, in percent and not negative, of one tax on the lines of one tax category.

    A category may be under several taxes (federal and provincial), each on the same base.
    """

    category: str
    percent: Decimal
    tax: str = ""

    def __post_init__(self) -> None:
        if self.percent < 0:
            raise ValueError("A tax rate is not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditInput:
    """What is left of a grant that has not expired. `expires_at` None: never."""

    grant: Hashable
    remaining: Money
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.remaining.minor < 0:
            raise ValueError("What is left of a grant is not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditUse:
    """What an invoice takes from one grant, always above zero."""

    grant: Hashable
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculatedLine:
    """A line of the invoice.

    `source` is its place among the inputs: the lines for most types, the discounts for DISCOUNT,
    and for TAX the first rate of this tax and percentage. `amount` is without tax, and so is
    `discount`, the line's share of all discounts (zero or of the amount's sign); `gross` is the
    given amount of an inclusive line. `tax_percent` is the sum of the rates that it falls under.
    Of a TAX line `base` is the sum of the discounted amounts under the rate.
    """

    type: LineType
    source: int
    amount: Money
    discount: Money
    tax_percent: Decimal | None = None
    base: Money | None = None
    gross: Money | None = None

    @property
    def discounted(self) -> Money:
        return self.amount - self.discount


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculated:
    """An invoice in numbers. The lines sum to total - credit_granted.

    `lines` are the given ones in their order, then a DISCOUNT line (negative) for each discount
    that took something off, then a TAX line a rate. `discounts` has what each given discount
    took off, in the given order, zeros too. `discount_total` is not negative.
    """

    currency: str
    lines: tuple[CalculatedLine, ...]
    discounts: tuple[Money, ...]
    subtotal: Money
    discount_total: Money
    tax_total: Money
    total: Money
    credit_granted: Money
    credits_applied: tuple[CreditUse, ...]
    amount_due: Money

    @property
    def credits_total(self) -> Money:
        return Money.total((use.amount for use in self.credits_applied), self.currency)
