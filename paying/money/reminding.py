"""Telling a customer that an attempt failed, by mail, with a page on which to pay."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from billing.kernel.money import Money
from billing.kernel.outward import within
from billing.kernel.services import step
from billing.models import Account
from billing.stripe.amounts import chargeable
from billing.stripe.errors import StripeError
from billing.stripe.gateway import Gateway
from billing.stripe.values import CheckoutOrder
from invoicing import mailing
from invoicing.models import OPEN
from invoicing.records import MailTemplate
from paying.models import Collection, Intent
from paying.pages import own_return
from paying.records import TAKEN, Purpose

log = structlog.get_logger(__name__)

NEEDS_CUSTOMER: Final = "authentication_required"
SWEEP: Final = 100


def tell_due(*, stripe: Gateway, now: datetime) -> None:
    """Write the mails that are due. Without a page, where Stripe is away, they have no link."""
    due = Collection.objects.filter(tell_at__lte=now).order_by("tell_at")
    for invoice_id in within(list(due.values_list("pk", flat=True)[:SWEEP])):
        try:
            link = page_for(invoice_id=invoice_id, stripe=stripe)
        except StripeError as error:
            log.warning("no_page_to_pay_on", invoice=str(invoice_id), reason=error.reason)
            link = ""
        write(invoice_id=invoice_id, link=link, now=now)


def page_for(*, invoice_id: UUID, stripe: Gateway) -> str:
    """Return a page on which what is due is paid, the same for one attempt; "" for none.

    What is paid on it is told by the intent that it makes, which carries the invoice.
    """
    intent = _last(invoice_id)
    if intent is None or intent.invoice.status not in OPEN:
        return ""
    if intent.purpose == Purpose.PUSHED:
        there = stripe.invoice(invoice_id=intent.stripe_id or "")
        return there.page if there is not None and there.status == "open" else ""
    amount = chargeable(Money(intent.invoice.amount_due_minor, intent.currency))
    if not amount:
        return ""
    back = own_return()
    order = CheckoutOrder(
        reference=intent.id,
        customer_id=intent.customer_id,
        success_url=back,
        cancel_url=back,
        currency=amount.currency,
        amount=amount,
        description=f"Invoice {intent.invoice.number}",
        invoice=invoice_id,
    )
    key = f"{intent.key}:page:{amount.minor}"
    return stripe.create_checkout(order=order, idempotency_key=key).url


def _last(invoice_id: UUID) -> Intent | None:
    rows = Intent.objects.select_related("invoice").filter(invoice_id=invoice_id)
    return rows.filter(purpose__in=TAKEN).order_by("-asked_at", "-number").first()


def _attempt(intent: Intent) -> str:
    """Name the attempt that failed: of each a mail is written once."""
    if intent.purpose == Purpose.PUSHED:
        return f"pushed:{intent.number}:{intent.tries}"
    return str(intent.number)


@step
def write(*, invoice_id: UUID, link: str, now: datetime) -> None:
    """Write the mail of the last attempt, once, unless the invoice is settled by now."""
    peek = Collection.objects.get(pk=invoice_id)
    account = Account.objects.lock(peek.account_id, even_closed=True)
    row = Collection.objects.select_related("invoice").get(pk=invoice_id)
    intent = _last(invoice_id)
    if row.tell_at is None:
        return
    row.tell_at = None
    row.save(update_fields=["tell_at"])
    if intent is None or row.invoice.status not in OPEN or account.closed_at is not None:
        return
    confirms = row.failure == NEEDS_CUSTOMER
    mailing.write(
        account,
        row.invoice,
        template=MailTemplate.PAYMENT_ACTION if confirms else MailTemplate.PAYMENT_FAILED,
        about=f"invoice:{invoice_id}:payment:{_attempt(intent)}",
        link=link,
        now=account.frozen_time or now,
    )
