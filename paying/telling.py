"""Telling of payments: events for whoever asked to be told, in the transaction of what happened."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.kernel.money import Money
from billing.outbox import publish
from invoicing.models import Invoice
from invoicing.telling import shown
from paying.models import Checkout, Intent, Receipt


def tell_received(receipt: Receipt, *, now: datetime) -> None:
    """Publish `payment.succeeded`. `now` is the account's time."""
    _tell(receipt, "succeeded", now=now)


def tell_refunded(receipt: Receipt, *, now: datetime) -> None:
    """Publish `payment.refunded`: how much went back in all."""
    _tell(receipt, "refunded", now=now)


def tell_disputed(receipt: Receipt, *, now: datetime) -> None:
    """Publish `payment.disputed`: how it stands."""
    _tell(receipt, "disputed", now=now)


def _tell(receipt: Receipt, what: str, *, now: datetime) -> None:
    def amount(minor: int) -> str:
        return str(Money(minor, receipt.currency).amount)

    said = {
        "id": receipt.stripe_id,
        "tenantId": receipt.account_id,
        "currency": receipt.currency,
        "amount": amount(receipt.amount_minor),
        "credited": amount(receipt.credited_minor),
        "refunded": amount(receipt.refunded_minor),
        "dispute": receipt.dispute or None,
        "invoice": _invoice(receipt.invoice_id),
    }
    publish(receipt.account_id, f"payment.{what}", said, now=now)


def tell_failed(intent: Intent, *, now: datetime) -> None:
    """Publish `payment.failed`, with Stripe's code for why."""
    said = {
        "id": intent.stripe_id,
        "tenantId": intent.account_id,
        "currency": intent.currency,
        "amount": str(Money(intent.amount_minor, intent.currency).amount),
        "reason": intent.failure or None,
        "invoice": _invoice(intent.invoice_id),
    }
    publish(intent.account_id, "payment.failed", said, now=now)


def tell_bought(checkout: Checkout, *, now: datetime) -> None:
    """Publish `checkout.completed`."""
    said = {
        "id": checkout.stripe_id,
        "tenantId": checkout.account_id,
        "planId": checkout.plan_version_id,
    }
    publish(checkout.account_id, "checkout.completed", said, now=now)


def _invoice(invoice_id: UUID | None) -> dict[str, object] | None:
    found = Invoice.objects.filter(pk=invoice_id).first() if invoice_id else None
    return None if found is None else shown(found)
