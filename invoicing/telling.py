"""Telling of an invoice: the event says how it stands after what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.kernel.money import Money
from billing.outbox import publish, publish_all
from invoicing.models import Invoice


def tell(invoice: Invoice, what: str, *, now: datetime) -> None:
    """Publish `invoice.<what>`, in the caller's transaction."""
    publish(invoice.account_id, f"invoice.{what}", shown(invoice), now=now)


def tell_all(invoices: Sequence[Invoice], what: str, *, now: datetime) -> None:
    """Publish it of invoices of different accounts: one statement."""
    events = [(invoice.account_id, f"invoice.{what}", shown(invoice)) for invoice in invoices]
    publish_all(events, now=now)


def tell_settled(invoice: Invoice, before: str, *, now: datetime) -> None:
    """Publish `invoice.paid` where it became so just now."""
    if invoice.status == "PAID" and before != "PAID":
        tell(invoice, "paid", now=now)


def tell_payment(invoice: Invoice, before: str, *, now: datetime) -> None:
    """Publish that money came in, and that the invoice is paid where it settled it."""
    tell(invoice, "payment_recorded", now=now)
    tell_settled(invoice, before, now=now)


def shown(invoice: Invoice) -> dict[str, object]:
    """Return what events say of an invoice: its head, in the API's words."""

    def amount(minor: int) -> str:
        return str(Money(minor, invoice.currency).amount)

    return {
        "id": invoice.id,
        "invoiceNumber": invoice.number,
        "tenantId": invoice.account_id,
        "subscriptionId": invoice.subscription_id,
        "status": invoice.status,
        "currency": invoice.currency,
        "periodStart": invoice.period_start,
        "periodEnd": invoice.period_end,
        "issueDate": invoice.issue_date,
        "dueDate": invoice.due_date,
        "total": amount(invoice.total_minor),
        "amountPaid": amount(invoice.amount_paid_minor),
        "amountDue": amount(invoice.amount_due_minor),
        "finalizedAt": invoice.finalized_at,
        "paidAt": invoice.paid_at,
        "voidedAt": invoice.voided_at,
        "voidReason": invoice.void_reason or None,
    }
