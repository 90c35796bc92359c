"""Reads over invoices; the preview, which is an invoice that is not written down."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from billing.credits import ledger
from billing.kernel.errors import NotFound
from billing.kernel.reads import Given, Read
from billing.metering.read import account_version
from billing.models import InvoiceDue, SubscriptionPeriod
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.states import SubscriptionStatus
from invoicing.composing import Bill, compose
from invoicing.models import Invoice, InvoiceStatus
from invoicing.records import CreditNote

_OPEN: Final[Read[SubscriptionPeriod]] = Read(
    lambda: (
        SubscriptionPeriod.objects.filter(account_id=Given(0, "uuid"))
        .exclude(subscription__status=SubscriptionStatus.CANCELLED)
        .select_related(
            "account__tenant",
            "subscription__plan_version__plan",
            "subscription__pending_plan_version",
        )
        .order_by("-sequence")[:1]
    )
)


def preview(*, account_id: UUID, now: datetime) -> Bill:
    """Return what the open period's invoice would be now. Raises NoActiveSubscription.

    A constant number of queries over counters: its cost does not grow with the events.
    """
    period = _OPEN.first(account_id)
    if period is None:
        raise NoActiveSubscription
    return compose(
        tenant=period.account.tenant,
        subscription=period.subscription,
        period=period,
        kind=InvoiceDue.Kind.PERIOD,
        credits=ledger.spendable(account_id, now=now),
        now=now,
    )


def shown() -> QuerySet[Invoice]:
    """Return invoices with their lines, in two queries however many there are."""
    return Invoice.objects.select_related("account__test_clock", "period").prefetch_related("lines")


def shown_credit_notes() -> QuerySet[CreditNote]:
    """Return credit notes with all that is shown of them, in two queries however many there are."""
    return CreditNote.objects.select_related("account__test_clock", "invoice").prefetch_related(
        "lines__invoice_line"
    )


def invoice_of(invoice_id: UUID) -> Invoice:
    """Return an invoice. Raises NotFound."""
    found = shown().filter(pk=invoice_id).first()
    if found is None:
        raise NotFound(noun="invoice")
    return found


def stale_drafts(account_id: UUID, *, now: datetime) -> list[UUID]:
    """Return the drafts of ended periods since whose writing the account's usage has changed."""
    drafts = Invoice.objects.filter(
        account_id=account_id, status=InvoiceStatus.DRAFT, period__end_at__lte=now
    ).exclude(kind=InvoiceDue.Kind.START)
    found = list(drafts.values_list("id", "usage_version"))
    if not found:
        return []
    version = account_version(account_id)
    return [draft for draft, written in found if written != version]
