"""A bill: what an invoice would say, before or after it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from billing.kernel.money import Money
from billing.kernel.periods import Period
from billing.models import Discount, InvoiceDue, Subscription, SubscriptionPeriod
from billing.rating.fees import Fee
from invoicing.calculation import Calculated
from invoicing.models import LineType
from invoicing.taxes.positions import TaxPosition

Kind = InvoiceDue.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """A line with all that it shows. `breakdown` is exact; `discount` its share of all of them.

    `fee` is the part of a plan's fee that the line stands for, of PLAN and PRORATION lines. An
    `inclusive` line's amount holds its taxes until they are carved out; `gross` keeps it.
    """

    type: LineType
    description: str
    amount: Money
    period: Period
    tax_category: str
    quantity: Decimal = Decimal(1)
    unit: str = ""
    unit_price: Decimal | None = None
    metric_type: str = ""
    charge_id: UUID | None = None
    breakdown: tuple[dict[str, str | None], ...] = ()
    discount: Money | None = None
    inclusive: bool = False
    gross: Money | None = None
    tax_rate: Decimal | None = None
    taxes: tuple[dict[str, str], ...] = ()
    fee: Fee | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What a bill charges for a charge in a period, gross: the base of later adjustments.

    Without a charge it is what the version's minimum commitment added.
    """

    period_id: UUID
    plan_version_id: UUID
    charge_id: UUID | None
    amount: Money
    quantity: Decimal = Decimal(0)
    events: int = 0
    counter_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice's content: lines, the calculation over them, and what it charges and settles.

    `settled` has, for each period whose usage it charges or corrects, the version of the counters
    that were read. `percentages` are off all that the period's usage costs, later corrections
    too; `discounts` took something off here, in their order, with how much.
    """

    subscription: Subscription
    period: SubscriptionPeriod
    kind: InvoiceDue.Kind
    bounds: Period
    currency: str
    lines: tuple[BillLine, ...]
    calculated: Calculated
    billed: tuple[Billed, ...]
    settled: dict[UUID, int]
    percentages: tuple[str, ...]
    discounts: tuple[tuple[Discount, Money], ...]
    usage_version: int
    position: TaxPosition

    @property
    def is_empty(self) -> bool:
        """All lines are zero: the run makes no invoice of it."""
        return not any(line.amount for line in self.lines)

    @property
    def coming_fee(self) -> Fee | None:
        """The fee of a period that has not begun, where the bill charges it."""
        fees = (line.fee for line in self.lines if line.fee is not None)
        return next((fee for fee in fees if fee.item is None), None)
