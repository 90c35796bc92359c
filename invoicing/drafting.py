"""Drafts: an invoice's content written down, and written anew while it may still change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from billing.credits import ledger
from billing.kernel.errors import AmountOutOfBounds
from billing.kernel.money import AmountTooLarge
from billing.models import InvoiceDue, LockedAccount, Subscription, SubscriptionPeriod
from invoicing.composing import Bill, compose
from invoicing.errors import InvoiceExists
from invoicing.models import Invoice, InvoiceLine, InvoiceStatus
from tenants.models import Tenant

Kind = InvoiceDue.Kind


def existing(period: SubscriptionPeriod, kind: str) -> Invoice | None:
    """Return the invoice of a period and kind that is not void: there is one at most."""
    return (
        Invoice.objects.select_related("period")
        .filter(period=period, kind=kind)
        .exclude(status=InvoiceStatus.VOID)
        .first()
    )


def compose_for(
    account: LockedAccount, period: SubscriptionPeriod, kind: str, *, now: datetime
) -> Bill:
    """Compute a period's invoice for an account whose lock is held. Raises AmountOutOfBounds."""
    subscription = Subscription.objects.select_related(
        "plan_version__plan", "pending_plan_version"
    ).get(pk=period.subscription_id)
    period.subscription = subscription
    try:
        return compose(
            tenant=Tenant.objects.select_related("account").get(account_id=account.id),
            subscription=subscription,
            period=period,
            kind=Kind(kind),
            credits=ledger.spendable(account.id, now=now),
            now=now,
        )
    except AmountTooLarge:
        raise AmountOutOfBounds from None


def open_draft(account: LockedAccount, due: InvoiceDue, *, now: datetime) -> Invoice | None:
    """Make or refresh the draft of a due row; None where every line is zero."""
    found = existing(due.period, due.kind)
    if found is not None:
        return refresh(account, found, now=now)
    bill = compose_for(account, due.period, due.kind, now=now)
    return None if bill.is_empty else write(account, bill, now=now)


def refresh(account: LockedAccount, invoice: Invoice, *, now: datetime) -> Invoice:
    """Bring a draft up to date; anything but a draft stays as it is."""
    if invoice.status == InvoiceStatus.DRAFT:
        bring_up_to_date(account, invoice, now=now)
    return invoice


def bring_up_to_date(account: LockedAccount, invoice: Invoice, *, now: datetime) -> Bill:
    """Write a draft anew; return the bill that it now says.

    Events come in meanwhile: whoever goes on from the draft's content takes this bill, and does
    not compute another.
    """
    bill = compose_for(account, invoice.period, invoice.kind, now=now)
    fill(invoice, bill, now=now)
    invoice.save()
    invoice.lines.all().delete()
    write_lines([(invoice, bill)])
    return bill


def write(account: LockedAccount, bill: Bill, *, now: datetime) -> Invoice:
    """Write a new draft. Raises InvoiceExists where the period has an invoice of this kind."""
    invoice = new_invoice(account, bill, now=now)
    try:
        with transaction.atomic():
            invoice.save(force_insert=True)
    except IntegrityError as error:
        if "invoice_once_per_period_and_kind" not in str(error):
            raise
        found = existing(bill.period, bill.kind)
        raise InvoiceExists(invoice_id=found.id if found else "") from None
    write_lines([(invoice, bill)])
    return invoice


def new_invoice(account: LockedAccount, bill: Bill, *, now: datetime) -> Invoice:
    """Make the row of a bill that is not written yet."""
    invoice = Invoice(
        account=account,
        subscription=bill.subscription,
        period=bill.period,
        kind=bill.kind,
        currency=bill.currency,
        created_at=now,
    )
    fill(invoice, bill, now=now)
    return invoice


def fill(invoice: Invoice, bill: Bill, *, now: datetime) -> None:
    amounts = bill.calculated
    invoice.period_start, invoice.period_end = bill.bounds.start, bill.bounds.end
    invoice.calculated_at = now
    invoice.usage_version = bill.usage_version
    invoice.percentages = list(bill.percentages)
    invoice.subtotal_minor = amounts.subtotal.minor
    invoice.discount_total_minor = amounts.discount_total.minor
    invoice.tax_total_minor = amounts.tax_total.minor
    invoice.total_minor = amounts.total.minor
    invoice.credit_granted_minor = amounts.credit_granted.minor
    invoice.credits_applied_minor = amounts.credits_total.minor
    invoice.tax_treatment = bill.position.treatment
    invoice.tax_reason = bill.position.reason
    invoice.tax_reason_code = bill.position.code


def save(invoices: Sequence[Invoice]) -> None:
    """Write invoices, the new ones in one statement."""
    new = [invoice for invoice in invoices if invoice._state.adding]  # noqa: SLF001
    Invoice.objects.bulk_create(new)
    for invoice in invoices:
        if invoice not in new:
            invoice.save()


def write_lines(bills: Iterable[tuple[Invoice, Bill]]) -> None:
    """Write the lines of invoices that are not final; the invoices may be written after them."""
    rows = []
    for invoice, bill in bills:
        for row in line_rows(bill):
            row.invoice_id = invoice.pk
            rows.append(row)
    InvoiceLine.objects.bulk_create(rows)


def line_rows(bill: Bill) -> list[InvoiceLine]:
    """Return the bill's lines as rows that are not written: preview and invoice show the same."""
    return [
        InvoiceLine(
            account_id=bill.subscription.account_id,
            position=position,
            type=line.type,
            description=line.description[:2000],
            metric_type=line.metric_type,
            charge_id=line.charge_id,
            fee_item=line.fee.item if line.fee else None,
            quantity=line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
            amount_minor=line.amount.minor,
            discount_minor=line.discount.minor if line.discount else 0,
            gross_minor=line.gross.minor if line.gross else None,
            tax_rate=line.tax_rate,
            taxes=list(line.taxes),
            tax_category=line.tax_category,
            period_start=line.period.start,
            period_end=line.period.end,
            breakdown=list(line.breakdown),
        )
        for position, line in enumerate(bill.lines)
    ]
