"""The exact parts of a price: what the breakdown of a line shows."""

from dataclasses import dataclass, field
from decimal import Decimal

from billing.kernel.decimals import EXACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`quantity` units at `unit_price` and a flat fee, for the usage from `from_` to `to`.

    `amount` is always quantity x unit_price + flat_fee, exactly, in major units; never rounded.
    The parts of one price follow one another: each starts where the one before it ended.
    """

    from_: Decimal
    to: Decimal
    quantity: Decimal
    unit_price: Decimal
    flat_fee: Decimal
    amount: Decimal = field(init=False)

    def __post_init__(self) -> None:
        amount = EXACT.add(EXACT.multiply(self.quantity, self.unit_price), self.flat_fee)
        object.__setattr__(self, "amount", amount)
