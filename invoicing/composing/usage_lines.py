"""Lines of a period's usage: USAGE, MINIMUM, the minimum commitment; and what they charge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from billing.catalog.models import Meter
from billing.kernel.decimals import format_decimal
from billing.kernel.money import Money
from billing.kernel.periods import Period
from billing.models import SubscriptionPeriod
from billing.pricing.parts import Part
from billing.rating.period import RatedPeriod, RatedUsage, RatedVersion, commitment_of
from invoicing.composing.bills import Billed, BillLine
from invoicing.models import LineType


def usage_lines(
    period: SubscriptionPeriod,
    rated: RatedPeriod,
    own: dict[UUID, Money],
    meters: Mapping[int, Meter],
) -> Iterator[BillLine]:
    """Yield the lines of a period's usage, version by version. `own` are its fees by version."""
    stretch = Period(period.start_at, period.end_at)
    for version in rated.versions:
        for usage in version.usages:
            meter = meters[usage.charge.meter_id]
            inclusive = version.terms.tax_inclusive
            yield from _lines_of(usage, meter, stretch, inclusive=inclusive)
        missing = missing_commitment(version, own)
        if missing:
            yield BillLine(
                type=LineType.MINIMUM,
                description=_("Minimum commitment"),
                amount=missing,
                period=stretch,
                tax_category=version.terms.tax_category,
                inclusive=version.terms.tax_inclusive,
            )


def missing_commitment(version: RatedVersion, own: dict[UUID, Money]) -> Money:
    """Return what a version's commitment adds in the period whose own fees these are."""
    fee = own.get(version.terms.version_id, Money.zero(version.terms.currency))
    return commitment_of(version, fee=fee)


def charged(
    period: SubscriptionPeriod, rated: RatedPeriod, own: dict[UUID, Money]
) -> Iterator[Billed]:
    """Yield what a period's usage comes to, gross, charge by charge and commitment."""
    for version in rated.versions:
        for usage in version.usages:
            yield Billed(
                period_id=period.id,
                plan_version_id=version.terms.version_id,
                charge_id=usage.charge.id,
                amount=usage.rated.total,
                quantity=usage.usage.quantity,
                events=usage.usage.events,
                counter_version=usage.counter_version,
            )
        if version.terms.minimum_commitment is not None:
            yield Billed(
                period_id=period.id,
                plan_version_id=version.terms.version_id,
                charge_id=None,
                amount=missing_commitment(version, own),
            )


def _lines_of(
    usage: RatedUsage, meter: Meter, stretch: Period, *, inclusive: bool
) -> Iterator[BillLine]:
    charge, rated = usage.charge, usage.rated
    name = charge.description or meter.name
    shared: dict[str, Any] = {
        "metric_type": charge.metric_type,
        "charge_id": charge.id,
        "period": stretch,
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
        breakdown=tuple(part_shown(part) for part in rated.parts),
        **shared,
    )
    if rated.minimum:
        yield BillLine(
            type=LineType.MINIMUM,
            description=_("Minimum for %(charge)s") % {"charge": name},
            amount=rated.minimum,
            **shared,
        )


def part_shown(part: Part) -> dict[str, str | None]:
    """Write an exact part of a line as the API shows it."""
    return {
        "from": format_decimal(part.from_),
        "to": format_decimal(part.to),
        "quantity": format_decimal(part.quantity),
        "unitPrice": format_decimal(part.unit_price),
        "flatFee": format_decimal(part.flat_fee),
        "amount": format_decimal(part.amount),
    }
