"""What final invoices have charged and used: what adjustments and durations go by.

Everything here runs in the caller's transaction, under the locks of the invoices' accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from billing.models import InvoiceDue, LockedAccount, PlanVersion
from billing.rating.late import UNSETTLED, settle_periods
from billing.subscriptions.discounting import remember_uses
from billing.subscriptions.fee_items import Place, expect_fee
from invoicing.composing import Bill
from invoicing.models import BilledUsage, Invoice, InvoiceLine, InvoiceStatus, LineType
from tenants.models import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalInvoice:
    """An invoice that becomes final, of whom, and the bill that it says."""

    account: LockedAccount
    tenant: Tenant
    invoice: Invoice
    bill: Bill


def remember(finals: Sequence[FinalInvoice], *, now: datetime) -> None:
    """Store what each invoice charged and used. They are of different accounts."""
    BilledUsage.objects.bulk_create(
        BilledUsage(
            account=one.account,
            invoice_id=one.invoice.pk,
            period_id=billed.period_id,
            plan_version_id=billed.plan_version_id,
            charge_id=billed.charge_id,
            quantity=billed.quantity,
            events=billed.events,
            amount_minor=billed.amount.minor,
            counter_version=billed.counter_version,
        )
        for one in finals
        for billed in one.bill.billed
    )
    settle_periods(_settled(finals))
    for one in finals:
        if one.bill.discounts:
            remember_uses(
                one.account,
                [(row.id, off.minor) for row, off in one.bill.discounts],
                invoice_id=one.invoice.id,
                period_start=one.invoice.period_start,
            )
        _expect_coming_fee(one, now=now)


def _settled(finals: Sequence[FinalInvoice]) -> dict[UUID, int]:
    """Return the versions that are settled. A period that was on another invoice before (of which
    this is made anew) is looked at again: adjustments elsewhere may have charged a part.
    """
    own = {one.invoice.period_id for one in finals if one.invoice.kind == InvoiceDue.Kind.PERIOD}
    others = (
        BilledUsage.objects.filter(period__in=own)
        .exclude(invoice__status=InvoiceStatus.VOID)
        .exclude(invoice__in=[one.invoice.pk for one in finals])
    )
    settled = {key: version for one in finals for key, version in one.bill.settled.items()}
    return {**settled, **dict.fromkeys(others.values_list("period_id", flat=True), UNSETTLED)}


def _expect_coming_fee(one: FinalInvoice, *, now: datetime) -> None:
    """Write down the fee of a period that has not begun, where the bill charges it."""
    fee, bill = one.bill.coming_fee, one.bill
    if fee is None:
        return
    item = expect_fee(
        bill.subscription,
        version=PlanVersion.objects.get(pk=fee.terms.version_id),
        start_at=fee.period.start,
        end_at=fee.period.end,
        whole_seconds=fee.whole_seconds,
        place=Place(bill.period.sequence, bill.kind),
        now=now,
    )
    lines = InvoiceLine.objects.filter(invoice_id=one.invoice.pk, type=LineType.PLAN)
    lines.filter(fee_item__isnull=True).update(fee_item=item)
