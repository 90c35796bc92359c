"""A payment that the customer confirms in the browser, for what is due of an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from billing.kernel.money import Money
from billing.kernel.services import service, step
from billing.models import Account
from billing.stripe.amounts import chargeable
from billing.stripe.errors import StripeNotConfigured
from billing.stripe.gateway import Gateway
from billing.stripe.values import IntentState
from invoicing.models import OPEN, Invoice, InvoiceStatus
from invoicing.services import locked_invoice
from paying.buying.linking import ensure_customer
from paying.errors import AmountBelowMinimum, NothingDue, NotYetSettled
from paying.models import Intent
from paying.money.asking import ask_stripe, cancel_at_stripe
from paying.money.pushing import STANDING, withdraw
from paying.money.settling import settle_intent
from paying.records import TAKEN, IntentStatus, Purpose

PAYABLE: Final = (*OPEN, InvoiceStatus.UNCOLLECTIBLE)
USABLE: Final = (IntentStatus.ASKED, IntentStatus.OPEN, IntentStatus.DECLINED)
ROUNDS: Final = 3
"""How often an intent that turns out to be canceled is replaced, at one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a browser needs to confirm a payment."""

    intent_id: str
    client_secret: str
    amount: Money


def ask_payment(*, account_id: UUID, invoice_id: UUID, stripe: Gateway, now: datetime) -> Asked:
    """Return an open payment intent for what is due now: the same one, while it is good.

    `now` is real time. Raises NotFound, NothingDue, AmountBelowMinimum, NotYetSettled,
    StripeNotConfigured, StripeError.
    """
    require_payable(account_id=account_id, invoice_id=invoice_id)
    if not stripe.is_configured:
        raise StripeNotConfigured
    customer_id = ensure_customer(account_id=account_id, stripe=stripe, now=now)
    for _ in range(ROUNDS):
        intent, outdated = _open(
            account_id=account_id, invoice_id=invoice_id, customer_id=customer_id, now=now
        )
        for old in outdated:
            drop = withdraw if old.purpose == Purpose.PUSHED else cancel_at_stripe
            drop(old, stripe=stripe, now=now)
        state = ask_stripe(intent, stripe=stripe, now=now)
        settled = settle_intent(intent_id=intent.id, state=state, now=now)
        if settled.status in USABLE:
            return _answer(state=state)
        if settled.status == IntentStatus.PAID:
            require_payable(account_id=account_id, invoice_id=invoice_id)
    raise NotYetSettled


def require_payable(*, account_id: UUID, invoice_id: UUID) -> None:
    """Raise NotFound, NothingDue, AmountBelowMinimum."""
    _amount(Invoice.objects.filter(pk=invoice_id, account_id=account_id).get())


def _amount(invoice: Invoice) -> Money:
    due = Money(invoice.amount_due_minor, invoice.currency)
    if invoice.status not in PAYABLE or due.minor <= 0:
        raise NothingDue
    amount = chargeable(due)
    if not amount:
        raise AmountBelowMinimum
    return amount


@step
def _open(
    *, account_id: UUID, invoice_id: UUID, customer_id: str, now: datetime
) -> tuple[Intent, list[Intent]]:
    """Return the intent to use, made where there is none for this amount, and those to cancel."""
    account = Account.objects.lock(account_id)
    invoice = locked_invoice(account, invoice_id)
    amount = _amount(invoice)
    rows = list(Intent.objects.filter(invoice=invoice).order_by("-number"))
    running = (IntentStatus.ASKED, IntentStatus.PROCESSING)
    if any(i.status == IntentStatus.PROCESSING for i in rows) or any(
        i.purpose in TAKEN and i.status in running for i in rows
    ):
        raise NotYetSettled
    pushed = [i for i in rows if i.purpose == Purpose.PUSHED and i.status in STANDING]
    mine = [i for i in rows if i.purpose == Purpose.BROWSER]
    usable = [i for i in mine if i.status in USABLE]
    fitting = [i for i in usable if i.amount_minor == amount.minor and i.customer_id == customer_id]
    outdated = [*pushed, *(i for i in usable if i not in fitting[:1])]
    if fitting:
        return fitting[0], outdated
    made = Intent.objects.create(
        account=account,
        invoice=invoice,
        purpose=Purpose.BROWSER,
        number=mine[0].number + 1 if mine else 0,
        amount_minor=amount.minor,
        currency=amount.currency,
        customer_id=customer_id,
        asked_at=now,
    )
    return made, outdated


@service
def _answer(*, state: IntentState) -> Asked:
    """End the request: where it carries a key, its answer is kept."""
    return Asked(intent_id=state.id, client_secret=state.client_secret, amount=state.amount)
