"""What an invoice would be now: the one computation behind preview, draft and finalized invoice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from billing.catalog.models import Meter
from billing.kernel.decimals import exact, format_decimal
from billing.kernel.money import Money
from billing.kernel.periods import Period
from billing.models import CreditGrant, InvoiceDue, Subscription, SubscriptionPeriod
from billing.pricing.parts import Part
from billing.rating.fees import Fee, fees_of, own_fee
from billing.rating.period import RatedUsage, RatedVersion, commitment_of, rate_period
from invoicing.calculation import (
    Calculated,
    CalculatedLine,
    CreditInput,
    LineInput,
    calculate,
)
from invoicing.calculation import LineType as Type
from invoicing.models import LineType
from invoicing.taxes.positions import TaxPosition, issue_day, tax_position
from invoicing.taxes.treatment import Treatment
from tenants.models import Tenant

Kind = InvoiceDue.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """A line with all that it shows. `breakdown` is exact; `discount` its share of all of them.

    An `inclusive` line's amount holds its taxes until they are carved out; `gross` keeps it.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice's content: lines, the calculation over them, and the usage that it charges."""

    subscription: Subscription
    period: SubscriptionPeriod
    kind: InvoiceDue.Kind
    bounds: Period
    currency: str
    lines: tuple[BillLine, ...]
    calculated: Calculated
    usages: tuple[RatedUsage, ...]
    position: TaxPosition

    @property
    def counters_version(self) -> int:
        """Grows with every change of the usage that was read."""
        return sum(usage.counter_version for usage in self.usages)

    @property
    def is_empty(self) -> bool:
        """All lines are zero: the run makes no invoice of it."""
        return not any(line.amount for line in self.lines)


def compose(
    *,
    tenant: Tenant,
    subscription: Subscription,
    period: SubscriptionPeriod,
    kind: InvoiceDue.Kind,
    credits: Iterable[CreditGrant],  # noqa: A002  the field's own word
    now: datetime,
) -> Bill:
    """Compute the invoice of a period as of `now`, in the account's currency. Writes nothing."""
    rated = rate_period(period) if kind != Kind.START else ()
    lines = list(_lines(subscription, period, kind, rated))
    currency = tenant.account.currency
    position = tax_position(tenant, on=issue_day(now))
    calculated = calculate(
        currency=currency,
        lines=[
            LineInput(
                type=Type(line.type.value),
                amount=line.amount,
                tax_category=line.tax_category,
                inclusive=line.inclusive,
            )
            for line in lines
        ],
        tax_rates=position.inputs,
        grants=[_credit(grant, currency) for grant in credits],
    )
    start = period.start_at
    bounds = Period(start, start) if kind == Kind.START else Period(start, period.end_at)
    return Bill(
        subscription=subscription,
        period=period,
        kind=kind,
        bounds=bounds,
        currency=currency,
        lines=tuple(_finished(lines, calculated, position, bounds)),
        calculated=calculated,
        usages=tuple(usage for version in rated for usage in version.usages),
        position=position,
    )


def _credit(grant: CreditGrant, currency: str) -> CreditInput:
    remaining = Money(grant.remaining_minor, currency)
    return CreditInput(grant=grant.id, remaining=remaining, expires_at=grant.expires_at)


def _finished(
    lines: list[BillLine], calculated: Calculated, position: TaxPosition, bounds: Period
) -> Iterator[BillLine]:
    """Put discounts and tax on the lines, and the lines of tax after them."""
    for result in calculated.lines:
        if result.type is Type.TAX:
            yield _tax_line(result, position.rates[result.source].name, bounds)
        elif result.type is not Type.DISCOUNT:
            yield _taxed(lines[result.source], result, position)


def _taxed(line: BillLine, result: CalculatedLine, position: TaxPosition) -> BillLine:
    """Put what the calculation found on a line. Where no tax is charged at all, its rate is 0."""
    untaxed = None if position.treatment is Treatment.STANDARD else Decimal(0)
    return replace(
        line,
        amount=result.amount,
        gross=result.gross,
        discount=result.discount,
        tax_rate=untaxed if result.tax_percent is None else result.tax_percent,
        taxes=position.on(line.tax_category),
    )


def _tax_line(result: CalculatedLine, name: str, bounds: Period) -> BillLine:
    """Write the tax of one rate; its one part is the taxed sum times the rate, exactly."""
    assert result.base is not None
    assert result.tax_percent is not None
    with exact():
        factor = result.tax_percent.scaleb(-2)
        part = Part(
            from_=Decimal(0),
            to=result.base.major,
            quantity=result.base.major,
            unit_price=factor,
            flat_fee=Decimal(0),
        )
    return BillLine(
        type=LineType.TAX,
        description=name,
        amount=result.amount,
        period=bounds,
        tax_category="",
        tax_rate=result.tax_percent,
        breakdown=(_part(part),),
    )


def _lines(
    subscription: Subscription,
    period: SubscriptionPeriod,
    kind: InvoiceDue.Kind,
    rated: tuple[RatedVersion, ...],
) -> Iterator[BillLine]:
    own = Period(period.start_at, period.end_at)
    for fee in fees_of(subscription, period, kind):
        yield _fee_line(fee, subscription)
    meters = Meter.objects.in_bulk([u.charge.meter_id for v in rated for u in v.usages])
    for version in rated:
        for usage in version.usages:
            inclusive = version.terms.tax_inclusive
            yield from _usage_lines(usage, meters[usage.charge.meter_id], own, inclusive=inclusive)
        missing = commitment_of(version, fee=own_fee(period, version.terms))
        if missing:
            yield BillLine(
                type=LineType.MINIMUM,
                description=_("Minimum commitment"),
                amount=missing,
                period=own,
                tax_category=version.terms.tax_category,
                inclusive=version.terms.tax_inclusive,
            )


def _fee_line(fee: Fee, subscription: Subscription) -> BillLine:
    return BillLine(
        type=LineType.PLAN,
        description=subscription.plan_version.plan.name,
        amount=fee.amount,
        period=fee.period,
        tax_category=fee.terms.tax_category,
        inclusive=fee.terms.tax_inclusive,
        unit_price=fee.amount.major,
    )


def _usage_lines(
    usage: RatedUsage, meter: Meter, own: Period, *, inclusive: bool
) -> Iterator[BillLine]:
    charge, rated = usage.charge, usage.rated
    name = charge.description or meter.name
    shared: dict[str, Any] = {
        "metric_type": charge.metric_type,
        "charge_id": charge.id,
        "period": own,
        "tax_category": charge.tax_category,
        "inclusive": inclusive,
    }
    yield BillLine(
        type=LineType.USAGE,
        description=name,
        amount=rated.line,
        quantity=rated.quantity,
        unit=meter.unit,
        unit_price=charge.terms.unit_price,
        breakdown=tuple(_part(part) for part in rated.parts),
        **shared,
    )
    if rated.minimum:
        yield BillLine(
            type=LineType.MINIMUM,
            description=_("Minimum for %(charge)s") % {"charge": name},
            amount=rated.minimum,
            **shared,
        )


def _part(part: Part) -> dict[str, str | None]:
    return {
        "from": format_decimal(part.from_),
        "to": format_decimal(part.to),
        "quantity": format_decimal(part.quantity),
        "unitPrice": format_decimal(part.unit_price),
        "flatFee": format_decimal(part.flat_fee),
        "amount": format_decimal(part.amount),
    }
