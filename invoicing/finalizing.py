"""Finalizing and voiding: the instants at which an invoice becomes a fact, and stops being one."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from billing.accounts import audit
from billing.credits import ledger
from billing.kernel.errors import InvalidTransition
from billing.models import InvoiceDue, LockedAccount, PlanVersion
from billing.rating.late import UNSETTLED, settle_periods, unsettle
from billing.subscriptions.discounting import give_uses_back, remember_uses
from billing.subscriptions.fee_items import Place, expect_fee
from invoicing import drafting, dunning, mailing
from invoicing.composing import Bill
from invoicing.errors import InvoiceHasCreditNotes, InvoiceHasPayments
from invoicing.models import BilledUsage, Invoice, InvoiceStatus, LineType
from invoicing.numbering import next_number
from invoicing.parties import buyer, seller
from invoicing.pdf.documents import expect_document
from invoicing.records import MailTemplate
from invoicing.taxes.positions import issue_day
from invoicing.telling import tell, tell_settled
from tenants.models import Tenant


def finalize_due(account: LockedAccount, due: InvoiceDue, *, now: datetime) -> Invoice | None:
    """Finalize the draft of a due row, where it has one; what is finalized already stays."""
    found = drafting.existing(due.period, due.kind)
    if found is None or found.status != InvoiceStatus.DRAFT:
        return found
    return finalize(account, found, now=now)


def finalize(account: LockedAccount, invoice: Invoice, *, now: datetime) -> Invoice:
    """Bring the draft up to date, number and date it, use credits; from here on it can't change.

    Raises InvalidTransition for anything but a draft.
    """
    if invoice.status != InvoiceStatus.DRAFT:
        raise InvalidTransition(
            noun="invoice", current=invoice.status, target=InvoiceStatus.PENDING
        )
    bill = drafting.bring_up_to_date(account, invoice, now=now)
    tenant = Tenant.objects.get(account_id=account.id)
    invoice.seller, invoice.buyer = seller(), buyer(tenant)
    invoice.issue_date = issue_day(now)
    term = timedelta(days=settings.BILLING["BILLING_PAYMENT_TERM_DAYS"])
    invoice.due_date = invoice.issue_date + term
    uses = [(UUID(str(use.grant)), use.amount.minor) for use in bill.calculated.credits_applied]
    ledger.spend(account, uses, invoice_id=invoice.id, now=now)
    if invoice.credit_granted_minor:
        ledger.grant(
            account,
            amount_minor=invoice.credit_granted_minor,
            reason="A total below zero",
            invoice_id=invoice.id,
            now=now,
        )
    _remember(account, invoice, bill, now=now)
    # The number last: its row is locked until the commit, and all other finalizing waits for it.
    invoice.finalize(number=next_number(account, at=now), at=now)
    invoice.save()
    expect_document(invoice)
    InvoiceDue.objects.filter(period=invoice.period, kind=invoice.kind).update(due_at=None)
    if invoice.status == InvoiceStatus.PENDING:
        dunning.begin(invoice, due_at=now + term, now=now)
    _announce(account, invoice, now=now)
    return invoice


def _announce(account: LockedAccount, invoice: Invoice, *, now: datetime) -> None:
    """Write the mail, the audit entry and the events of what became final."""
    if settings.BILLING["BILLING_INVOICE_MAILS"]:
        about = f"invoice:{invoice.pk}:finalized"
        mailing.write(account, invoice, template=MailTemplate.INVOICE, about=about, now=now)
    audit.record(
        action="invoice.finalized",
        account_id=account.id,
        subject=invoice.id,
        after={"number": invoice.number, "status": invoice.status, "total": invoice.total_minor},
        now=now,
    )
    tell(invoice, "finalized", now=now)
    tell_settled(invoice, InvoiceStatus.DRAFT, now=now)


def _remember(account: LockedAccount, invoice: Invoice, bill: Bill, *, now: datetime) -> None:
    """Store what was charged and used: the base of adjustments, credits of fees and durations."""
    BilledUsage.objects.bulk_create(
        BilledUsage(
            account=account,
            invoice=invoice,
            period_id=one.period_id,
            plan_version_id=one.plan_version_id,
            charge_id=one.charge_id,
            quantity=one.quantity,
            events=one.events,
            amount_minor=one.amount.minor,
            counter_version=one.counter_version,
        )
        for one in bill.billed
    )
    settle_periods(_settled(invoice, bill))
    remember_uses(
        account,
        [(row.id, off.minor) for row, off in bill.discounts],
        invoice_id=invoice.id,
        period_start=invoice.period_start,
    )
    fee = bill.coming_fee
    if fee is not None:
        item = expect_fee(
            bill.subscription,
            version=PlanVersion.objects.get(pk=fee.terms.version_id),
            start_at=fee.period.start,
            end_at=fee.period.end,
            whole_seconds=fee.whole_seconds,
            place=Place(bill.period.sequence, bill.kind),
            now=now,
        )
        invoice.lines.filter(type=LineType.PLAN, fee_item__isnull=True).update(fee_item=item)


def _settled(invoice: Invoice, bill: Bill) -> dict[UUID, int]:
    """Return the versions that are settled. A period that was on another invoice before (of which
    this is made anew) is looked at again: adjustments elsewhere may have charged a part.
    """
    others = (
        BilledUsage.objects.filter(period=invoice.period)
        .exclude(invoice__status=InvoiceStatus.VOID)
        .exclude(invoice=invoice)
    )
    again = invoice.kind == InvoiceDue.Kind.PERIOD and others.exists()
    return {**bill.settled, **({invoice.period_id: UNSETTLED} if again else {})}


def void(account: LockedAccount, invoice: Invoice, *, reason: str, now: datetime) -> Invoice:
    """Void an invoice: credits that it used go back, a grant that it made is taken back.

    The run does not make it anew. Raises InvoiceHasPayments, InvoiceHasCreditNotes,
    CreditAlreadyUsed, InvalidTransition.
    """
    if invoice.amount_paid_minor:
        raise InvoiceHasPayments
    if invoice.credited_minor:
        raise InvoiceHasCreditNotes
    before = invoice.status
    invoice.void(at=now, reason=reason)
    invoice.save()
    ledger.give_back(account, invoice_id=invoice.id, now=now)
    ledger.take_back(account, invoice_id=invoice.id, now=now)
    give_uses_back(invoice_id=invoice.id)
    _open_again(invoice)
    dunning.follow(account, invoice, now=now)
    InvoiceDue.objects.filter(period=invoice.period, kind=invoice.kind).update(due_at=None)
    if invoice.number:
        expect_document(invoice)
    audit.record(
        action="invoice.voided",
        account_id=account.id,
        subject=invoice.id,
        before={"status": before},
        after={"status": invoice.status, "reason": reason},
        now=now,
    )
    tell(invoice, "voided", now=now)
    return invoice


def _open_again(invoice: Invoice) -> None:
    """Let what the invoice adjusted be adjusted by another; its own period is not invoiced now."""
    for period_id in set(invoice.billed.values_list("period_id", flat=True)):
        unsettle(period_id, to=UNSETTLED)
    if invoice.kind == InvoiceDue.Kind.PERIOD:
        unsettle(invoice.period_id, to=None)
