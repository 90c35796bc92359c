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
from billing.rating.period import RatedUsage
from invoicing import drafting, dunning, mailing
from invoicing.errors import InvoiceHasCreditNotes, InvoiceHasPayments
from invoicing.models import BilledUsage, Invoice, InvoiceStatus
from invoicing.numbering import next_number
from invoicing.parties import buyer, seller
from invoicing.pdf.documents import expect_document
from invoicing.records import MailTemplate
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
    invoice.issue_date = now.date()
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
    _remember_billed(invoice, bill.usages)
    # The number last: its row is locked until the commit, and all other finalizing waits for it.
    invoice.finalize(number=next_number(account, at=now), at=now)
    invoice.save()
    expect_document(invoice)
    InvoiceDue.objects.filter(period=invoice.period, kind=invoice.kind).update(due_at=None)
    if invoice.status == InvoiceStatus.PENDING:
        dunning.begin(invoice, due_at=now + term, now=now)
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
    return invoice


def _remember_billed(invoice: Invoice, usages: Sequence[RatedUsage]) -> None:
    """Store what was charged for each charge: the base that late usage is compared with."""
    BilledUsage.objects.bulk_create(
        BilledUsage(
            account_id=invoice.account_id,
            invoice=invoice,
            period=invoice.period,
            charge_id=usage.charge.id,
            quantity=usage.usage.quantity,
            events=usage.usage.events,
            amount_minor=usage.rated.total.minor,
            counter_version=usage.counter_version,
        )
        for usage in usages
    )


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
    return invoice
