"""What a billing period costs: the lines of its bill, in the words of cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from billing.kernel.money import Money
from billing.models import (
    Account,
    InvoiceDue,
    Meter,
    Segment,
    Subscription,
    SubscriptionPeriod,
)
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.queries import current_period, live_subscription
from invoicing.composing import Bill, BillLine, compose
from invoicing.models import LineType
from tenants.models import Tenant

FEES = {LineType.PLAN, LineType.PRORATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCost:
    """A charge's USAGE line and its MINIMUM line as the bill shows them.

    `gross_line` and `gross_minimum` hold the taxes of a plan whose prices do; else they are equal.
    """

    charge_id: UUID
    metric_type: str
    aggregation: str
    quantity: Decimal
    line: Money
    minimum: Money
    gross_line: Money
    gross_minimum: Money

    @property
    def cost(self) -> Money:
        return self.line + self.minimum


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodCosts:
    """A period's cost before discounts and taxes: its fee as the bill shows it, and its usage.

    `commitment` is what the plans' minimum commitments add beyond their charges.
    """

    account: Account
    subscription: Subscription
    period: SubscriptionPeriod
    currency: str
    fee: Money
    charges: tuple[ChargeCost, ...]
    commitment: Money
    gross_commitment: Money

    @property
    def usage(self) -> Money:
        charged = Money.total((charge.cost for charge in self.charges), self.currency)
        return charged + self.commitment

    @property
    def total(self) -> Money:
        return self.fee + self.usage


def open_costs(account: Account, *, now: datetime) -> PeriodCosts:
    """Return what the account's open period costs so far. Raises NoActiveSubscription."""
    subscription = live_subscription(account.id)
    period = current_period(subscription.id)
    if period is None:
        raise NoActiveSubscription
    return costs_of(account, subscription, period, now=now)


def period_before(period: SubscriptionPeriod) -> SubscriptionPeriod | None:
    """Return the period of the same subscription that came before, if there was one."""
    earlier = SubscriptionPeriod.objects.filter(
        subscription_id=period.subscription_id, sequence__lt=period.sequence
    )
    return earlier.order_by("-sequence").first()


def version_begins(period: SubscriptionPeriod) -> dict[UUID, datetime]:
    """Return since when each plan version holds in a period, in their order."""
    begins: dict[UUID, datetime] = {}
    rows = Segment.objects.filter(subscription_id=period.subscription_id).order_by("start_at")
    for version_id, start, end in rows.values_list("plan_version_id", "start_at", "end_at"):
        if start < period.end_at and (end is None or end > period.start_at):
            begins.setdefault(version_id, max(start, period.start_at))
    return begins


def costs_of(
    account: Account, subscription: Subscription, period: SubscriptionPeriod, *, now: datetime
) -> PeriodCosts:
    """Return what a period costs as of now, late usage included: the preview's own computation."""
    bill = compose(
        tenant=Tenant.objects.select_related("account").get(account_id=account.id),
        subscription=subscription,
        period=period,
        kind=InvoiceDue.Kind.PERIOD,
        credits=(),
        now=now,
    )
    return _costs(account, bill)


def _costs(account: Account, bill: Bill) -> PeriodCosts:
    currency = bill.currency
    minimums = [line for line in bill.lines if line.type == LineType.MINIMUM]
    commitments = [line for line in minimums if line.charge_id is None]
    fees = (line.amount for line in bill.lines if line.type in FEES)
    return PeriodCosts(
        account=account,
        subscription=bill.subscription,
        period=bill.period,
        currency=currency,
        fee=Money.total(fees, currency),
        charges=tuple(_charges(bill, minimums)),
        commitment=Money.total((line.amount for line in commitments), currency),
        gross_commitment=Money.total((_gross(line) for line in commitments), currency),
    )


def _charges(bill: Bill, minimums: list[BillLine]) -> Iterator[ChargeCost]:
    nothing = Money.zero(bill.currency)
    by_charge = {line.charge_id: line for line in minimums}
    usage = [line for line in bill.lines if line.type == LineType.USAGE]
    kinds = dict(
        Meter.objects.filter(metric_type__in={line.metric_type for line in usage}).values_list(
            "metric_type", "aggregation"
        )
    )
    for line in usage:
        assert line.charge_id is not None
        minimum = by_charge.get(line.charge_id)
        yield ChargeCost(
            charge_id=line.charge_id,
            metric_type=line.metric_type,
            aggregation=kinds[line.metric_type],
            quantity=line.quantity,
            line=line.amount,
            minimum=minimum.amount if minimum else nothing,
            gross_line=_gross(line),
            gross_minimum=_gross(minimum) if minimum else nothing,
        )


def _gross(line: BillLine) -> Money:
    return line.gross if line.gross is not None else line.amount
