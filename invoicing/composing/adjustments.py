"""ADJUSTMENT lines: usage that came in, or was voided, after its period was invoiced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext as _

from billing.catalog.models import Meter
from billing.kernel.money import Money
from billing.kernel.periods import Period
from billing.models import Account, InvoiceDue, SubscriptionPeriod
from billing.rating.fees import own_fees
from billing.rating.late import changed_periods
from billing.rating.period import RatedPeriod, RatedUsage, rate_period
from billing.subscriptions.discounting import discounts_on
from invoicing.composing.bills import Billed, BillLine
from invoicing.composing.usage_lines import charged
from invoicing.models import BilledUsage, Invoice, InvoiceStatus, LineType

Kind = InvoiceDue.Kind
Key = tuple[UUID, UUID, UUID | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustments:
    """The lines, what they charge gross, and the versions of the counters that were read."""

    lines: tuple[BillLine, ...]
    billed: tuple[Billed, ...]
    settled: dict[UUID, int]


NONE = Adjustments(lines=(), billed=(), settled={})


def adjustments(
    account: Account, moved: set[UUID], *, invoiced: SubscriptionPeriod, is_own: bool
) -> Adjustments:
    """Settle the account's late and voided usage on an invoice of a period, whose own usage is on
    it where `is_own`. `moved` are its settled periods whose usage has changed since.

    One line for each charge and period: the charge computed anew, with its minimum, less all that
    was invoiced for it, net of the percentages that its own period's invoice had off. They stand
    on the earliest invoice that is not final.
    """
    changed = changed_periods(moved, besides=invoiced.id if is_own else None)
    if not changed or _earlier_takes_them(account, invoiced):
        return NONE
    lines: list[BillLine] = []
    billed: list[Billed] = []
    settled: dict[UUID, int] = {}
    charged_before = _invoiced([period.id for period in changed])
    for period in changed:
        rated = rate_period(period)
        settled[period.id] = rated.counters_version
        different = list(_differences(period, rated, charged_before))
        billed += different
        lines += _lines(period, rated, different)
    return Adjustments(lines=tuple(lines), billed=tuple(billed), settled=settled)


def _earlier_takes_them(account: Account, invoiced: SubscriptionPeriod) -> bool:
    earlier = InvoiceDue.objects.filter(
        account=account, due_at__isnull=False, draft_at__lt=invoiced.end_at
    ).exclude(kind=Kind.START)
    return earlier.exclude(period=invoiced).exists()


def _invoiced(period_ids: Iterable[UUID]) -> dict[Key, int]:
    """Return all that invoices, void ones left out, charged for each charge: minor units."""
    rows = (
        BilledUsage.objects.filter(period_id__in=list(period_ids))
        .exclude(invoice__status=InvoiceStatus.VOID)
        .values_list("period_id", "plan_version_id", "charge_id")
        .annotate(total=Sum("amount_minor"))
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def _differences(
    period: SubscriptionPeriod, rated: RatedPeriod, invoiced: Mapping[Key, int]
) -> Iterator[Billed]:
    for now_due in charged(period, rated, own_fees(period)):
        key = (now_due.period_id, now_due.plan_version_id, now_due.charge_id)
        before = Money(invoiced.get(key, 0), now_due.amount.currency)
        if now_due.amount.minor != before.minor:
            yield replace(now_due, amount=now_due.amount - before)


def _lines(
    period: SubscriptionPeriod, rated: RatedPeriod, different: list[Billed]
) -> Iterator[BillLine]:
    if not different:
        return
    percentages = _percentages(period)
    usages = {u.charge.id: u for v in rated.versions for u in v.usages}
    terms = {version.terms.version_id: version.terms for version in rated.versions}
    meters = Meter.objects.in_bulk([usage.charge.meter_id for usage in usages.values()])
    stretch = Period(period.start_at, period.end_at)
    for one in different:
        amount = less_percentages(one.amount, percentages)
        if not amount:
            continue
        usage = usages[one.charge_id] if one.charge_id else None
        yield BillLine(
            type=LineType.ADJUSTMENT,
            description=_("Adjustment: %(what)s") % {"what": _name(usage, meters)},
            amount=amount,
            period=stretch,
            tax_category=(usage.charge if usage else terms[one.plan_version_id]).tax_category,
            inclusive=terms[one.plan_version_id].tax_inclusive,
            quantity=usage.rated.quantity if usage else Decimal(1),
            unit=meters[usage.charge.meter_id].unit if usage else "",
            metric_type=usage.charge.metric_type if usage else "",
            charge_id=one.charge_id,
        )


def _name(usage: RatedUsage | None, meters: Mapping[int, Meter]) -> str:
    if usage is None:
        return _("Minimum commitment")
    return usage.charge.description or meters[usage.charge.meter_id].name


def less_percentages(amount: Money, percentages: Iterable[Decimal]) -> Money:
    """Take percentages off one after the other, each rounded, as the period's own invoice did."""
    left = amount
    for percent in percentages:
        off = Money.rounded(Fraction(left.major) * Fraction(percent) / 100, left.currency)
        left = left - off
    return left


def _percentages(period: SubscriptionPeriod) -> list[Decimal]:
    """Return what the period's own invoice had off; where none was made, what it would have had."""
    invoice = (
        Invoice.objects.filter(period=period, kind=Kind.PERIOD)
        .exclude(status=InvoiceStatus.VOID)
        .first()
    )
    if invoice is not None:
        return [Decimal(text) for text in invoice.percentages]
    rows = discounts_on(period.subscription, period_start=period.start_at, period_end=period.end_at)
    return [row.percent for row in rows if row.percent is not None]
