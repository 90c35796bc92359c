"""What an invoice would be now: the one computation behind preview, draft and finalized invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import wraps
from typing import ParamSpec
from uuid import UUID

from django.conf import settings
from django.utils import formats, translation
from django.utils.translation import gettext as _

from billing.kernel.decimals import exact, format_decimal
from billing.kernel.money import Money
from billing.kernel.periods import Period
from billing.models import CreditGrant, Discount, InvoiceDue, Subscription, SubscriptionPeriod
from billing.pricing.parts import Part
from billing.rating.fees import fees_of, own_fees
from billing.rating.period import NOTHING, RatedPeriod, rate_period
from billing.subscriptions.discounting import discounts_on
from invoicing.calculation import (
    Calculated,
    CalculatedLine,
    CreditInput,
    DiscountInput,
    LineInput,
    calculate,
)
from invoicing.calculation import LineType as Type
from invoicing.calculation.discounts import discount
from invoicing.composing.adjustments import NONE, adjustments
from invoicing.composing.bills import Bill, Billed, BillLine
from invoicing.composing.facts import Facts, read_facts
from invoicing.composing.fee_lines import fee_lines, with_credits
from invoicing.composing.usage_lines import charged, part_shown, usage_lines
from invoicing.models import LineType
from invoicing.taxes.positions import TaxPosition, issue_day, tax_position
from invoicing.taxes.treatment import Treatment
from tenants.models import Tenant

Kind = InvoiceDue.Kind


P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is on a bill before discounts, tax and credits."""

    lines: tuple[BillLine, ...]
    billed: tuple[Billed, ...]
    settled: dict[UUID, int]


def in_invoice_language(write: Callable[P, Bill]) -> Callable[P, Bill]:
    """Write an invoice's words in its own language, whoever's request or worker it is made in."""

    @wraps(write)
    def written(*args: P.args, **kwargs: P.kwargs) -> Bill:
        with translation.override(settings.BILLING["INVOICE_LANGUAGE"]):
            return write(*args, **kwargs)

    return written


@in_invoice_language
def compose(  # noqa: PLR0913  what a bill is made of, each by its name
    *,
    tenant: Tenant,
    subscription: Subscription,
    period: SubscriptionPeriod,
    kind: InvoiceDue.Kind,
    credits: Iterable[CreditGrant],  # noqa: A002  the field's own word
    now: datetime,
    facts: Facts | None = None,
    rated: RatedPeriod | None = None,
) -> Bill:
    """Compute the invoice of a period as of `now`, in the account's currency. Writes nothing.

    `period` has `subscription` loaded. `facts` were read for many as of `now`; else they are read.
    `rated` takes the place of the period's own usage: for what its invoice would be then.
    """
    facts = facts or read_facts([tenant], [period], now=now)
    currency = tenant.account.currency
    bounds = Period(period.start_at, period.start_at if kind == Kind.START else period.end_at)
    rows = discounts_on(
        subscription, period_start=bounds.start, period_end=bounds.end, known=facts.discounts
    )
    inputs = [_discount(row, currency) for row in rows]
    if rated is None and kind == Kind.PERIOD:
        rated = rate_period(period, facts.rating)
    content = _content(tenant, subscription, period, kind, inputs, rated or NOTHING, facts)
    position = tax_position(tenant, on=issue_day(now), known=facts.taxes)
    grants = [_credit(grant, currency) for grant in credits]
    calculated = _calculated(content, inputs, position, grants, currency)
    return Bill(
        subscription=subscription,
        period=period,
        kind=kind,
        bounds=bounds,
        currency=currency,
        lines=tuple(_finished(content.lines, calculated, rows, position, bounds)),
        calculated=calculated,
        billed=content.billed,
        settled=content.settled,
        percentages=tuple(str(row.percent) for row in rows if row.percent is not None),
        discounts=tuple((r, off) for r, off in zip(rows, calculated.discounts, strict=True) if off),
        usage_version=facts.usage_versions.get(tenant.account_id, 0),
        position=position,
    )


def _calculated(
    content: Content,
    discounts: Sequence[DiscountInput],
    position: TaxPosition,
    grants: Sequence[CreditInput],
    currency: str,
) -> Calculated:
    return calculate(
        currency=currency,
        lines=[_input(line) for line in content.lines],
        discounts=discounts,
        tax_rates=position.inputs,
        grants=grants,
    )


def _content(
    tenant: Tenant,
    subscription: Subscription,
    period: SubscriptionPeriod,
    kind: InvoiceDue.Kind,
    discounts: Sequence[DiscountInput],
    rated: RatedPeriod,
    facts: Facts,
) -> Content:
    """Put the lines together: fees, the period's usage, what earlier periods have to be settled."""
    is_own = kind == Kind.PERIOD
    own = own_fees(period, facts.fees) if is_own else {}
    lines = [
        *fee_lines(fees_of(subscription, period, kind, facts.fees), facts.plans),
        *(usage_lines(period, rated, own, facts.meters) if is_own else ()),
    ]
    moved = facts.moved.get(tenant.account_id, set())
    late = NONE
    if kind != Kind.START and moved:
        late = adjustments(tenant.account, moved, invoiced=period, is_own=is_own)
    # Credits are not discounted, so what the other lines have off does not depend on them.
    shares = discount(
        lines=[_input(line) for line in lines],
        discounts=discounts,
        currency=tenant.account.currency,
    ).by_line
    settled = {period.id: rated.counters_version} if is_own else {}
    return Content(
        lines=(*with_credits(lines, shares), *late.lines),
        billed=(*charged(period, rated, own), *late.billed),
        settled={**settled, **late.settled},
    )


def _input(line: BillLine) -> LineInput:
    return LineInput(
        type=Type(line.type.value),
        amount=line.amount,
        tax_category=line.tax_category,
        inclusive=line.inclusive,
    )


def _discount(row: Discount, currency: str) -> DiscountInput:
    if row.percent is not None:
        return DiscountInput(percent=row.percent)
    return DiscountInput(amount=Money(row.amount_minor or 0, currency))


def _credit(grant: CreditGrant, currency: str) -> CreditInput:
    remaining = Money(grant.remaining_minor, currency)
    return CreditInput(grant=grant.id, remaining=remaining, expires_at=grant.expires_at)


def _finished(
    lines: Sequence[BillLine],
    calculated: Calculated,
    discounts: Sequence[Discount],
    position: TaxPosition,
    bounds: Period,
) -> Iterator[BillLine]:
    """Put discounts and tax on the lines, and the lines of discounts and tax after them."""
    for result in calculated.lines:
        if result.type is Type.TAX:
            yield _tax_line(result, position.rates[result.source].name, bounds)
        elif result.type is Type.DISCOUNT:
            yield _discount_line(result, discounts[result.source], bounds)
        else:
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


def _discount_line(result: CalculatedLine, row: Discount, bounds: Period) -> BillLine:
    name = _("Discount")
    if row.percent is not None:
        percent = formats.number_format(format_decimal(row.percent))
        name = _("Discount of %(percent)s%%") % {"percent": percent}
    why = row.code or row.reason
    return BillLine(
        type=LineType.DISCOUNT,
        description=f"{name} ({why})" if why else name,
        amount=result.amount,
        period=bounds,
        tax_category="",
        unit_price=result.amount.major,
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
        breakdown=(part_shown(part),),
    )
