"""Finalizing and voiding: the instants at which an invoice becomes a fact, and stops being one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from billing.accounts import audit
from billing.credits import ledger
from billing.kernel.errors import InvalidTransition
from billing.models import InvoiceDue, LockedAccount
from billing.rating.late import UNSETTLED, settle_periods, unsettle
from billing.subscriptions.discounting import give_uses_back
from invoicing import drafting, dunning, mailing, remembering
from invoicing.composing import Bill
from invoicing.errors import InvoiceHasCreditNotes, InvoiceHasPayments
from invoicing.models import Invoice, InvoiceStatus
from invoicing.numbering import next_numbers
from invoicing.parties import buyer, seller
from invoicing.pdf.documents import expect_document
from invoicing.records import MailTemplate
from invoicing.remembering import FinalInvoice
from invoicing.taxes.positions import issue_day
from invoicing.telling import tell, tell_all
from tenants.models import Tenant


def finalize_due(account: LockedAccount, due: InvoiceDue, *, now: datetime) -> Invoice | None:
    """Finalize the invoice of a due row, whether it has a draft yet or not.

    What is finalized already stays. A period that comes to nothing has none, and is settled.
    """
    found = drafting.existing(due.period, due.kind)
    if found is not None and found.status != InvoiceStatus.DRAFT:
        return found
    if found is not None:
        return finalize(account, found, now=now)
    bill = drafting.compose_for(account, due.period, due.kind, now=now)
    if bill.is_empty:
        settle_periods(bill.settled)
        return None
    return finalize_bill(account, bill, now=now)


def finalize(account: LockedAccount, invoice: Invoice, *, now: datetime) -> Invoice:
    """Bring the draft up to date, number and date it, use credits; from here on it can't change.

    Raises InvalidTransition for anything but a draft.
    """
    if invoice.status != InvoiceStatus.DRAFT:
        raise InvalidTransition(
            noun="invoice", current=invoice.status, target=InvoiceStatus.PENDING
        )
    bill = drafting.bring_up_to_date(account, invoice, now=now)
    return _finalize_one(account, invoice, bill, now=now)


def finalize_bill(account: LockedAccount, bill: Bill, *, now: datetime) -> Invoice:
    """Write an invoice and finalize it, with the bill as it was computed.

    Raises InvoiceExists where the period has an invoice of this kind.
    """
    return _finalize_one(account, drafting.write(account, bill, now=now), bill, now=now)


def _finalize_one(
    account: LockedAccount, invoice: Invoice, bill: Bill, *, now: datetime
) -> Invoice:
    tenant = Tenant.objects.get(account_id=account.id)
    make_final([FinalInvoice(account=account, tenant=tenant, invoice=invoice, bill=bill)], now=now)
    expect_document(invoice)
    return invoice


def make_final(finals: Sequence[FinalInvoice], *, now: datetime) -> None:
    """Make invoices final whose lines are written: of different accounts, each of them locked."""
    term = timedelta(days=settings.BILLING["BILLING_PAYMENT_TERM_DAYS"])
    invoices = [one.invoice for one in finals]
    for one in finals:
        _date(one, term, now=now)
        _use_credits(one, now=now)
    remembering.remember(finals, now=now)
    for invoice in invoices:
        invoice.finalize(at=now)
    for kind in {invoice.kind for invoice in invoices}:
        periods = [invoice.period_id for invoice in invoices if invoice.kind == kind]
        InvoiceDue.objects.filter(period__in=periods, kind=kind).update(due_at=None)
    asked_for = [invoice for invoice in invoices if invoice.status == InvoiceStatus.PENDING]
    if asked_for:
        dunning.begin(asked_for, due_at=now + term, now=now)
    # The numbers last: their row is locked until the commit, and all other finalizing waits for it.
    numbers = next_numbers([one.account for one in finals], at=now)
    for invoice, number in zip(invoices, numbers, strict=True):
        invoice.number = number
    drafting.save(invoices)
    _tell(finals, now=now)


def _date(one: FinalInvoice, term: timedelta, *, now: datetime) -> None:
    one.invoice.seller, one.invoice.buyer = seller(), buyer(one.tenant)
    one.invoice.issue_date = issue_day(now)
    one.invoice.due_date = one.invoice.issue_date + term


def _use_credits(one: FinalInvoice, *, now: datetime) -> None:
    """Spend what the bill says, and grant what lies below zero."""
    applied = one.bill.calculated.credits_applied
    uses = [(UUID(str(use.grant)), use.amount.minor) for use in applied]
    ledger.spend(one.account, uses, invoice_id=one.invoice.id, now=now)
    if one.invoice.credit_granted_minor:
        ledger.grant(
            one.account,
            amount_minor=one.invoice.credit_granted_minor,
            reason="A total below zero",
            invoice_id=one.invoice.id,
            now=now,
        )


def _tell(finals: Sequence[FinalInvoice], *, now: datetime) -> None:
    """Write the mails, where they are wanted, the audit entries and the events."""
    if settings.BILLING["BILLING_INVOICE_MAILS"]:
        for one in finals:
            if one.tenant.billing_email:
                about = f"invoice:{one.invoice.pk}:finalized"
                template = MailTemplate.INVOICE
                mailing.write(one.account, one.invoice, template=template, about=about, now=now)
    audit.record_all(
        audit.entry(
            action="invoice.finalized",
            account_id=one.account.id,
            subject=one.invoice.id,
            after={
                "number": one.invoice.number,
                "status": one.invoice.status,
                "total": one.invoice.total_minor,
            },
            now=now,
        )
        for one in finals
    )
    invoices = [one.invoice for one in finals]
    tell_all(invoices, "finalized", now=now)
    tell_all([one for one in invoices if one.status == InvoiceStatus.PAID], "paid", now=now)


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
