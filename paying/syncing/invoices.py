"""`invoice.*`: Stripe's own invoices. What they took pays ours."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.kernel.money import Money
from billing.kernel.services import service
from billing.models import Account
from billing.stripe.gateway import Gateway
from billing.stripe.values import InvoiceState
from invoicing.models import OPEN, Invoice
from paying.models import Intent
from paying.money.collecting import follow_intent
from paying.money.pushing import WITHOUT_MONEY, settle_push
from paying.money.receiving import Source, take_in
from paying.records import IntentStatus, Purpose
from paying.syncing import drifting
from paying.syncing.done import GONE, NOT_OURS, Done, account_of
from paying.syncing.subscriptions import sync_subscription


def sync_invoice(invoice_id: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over what Stripe has of an invoice now: one of ours that it collects, or one of a
    subscription that leads. Any other is left alone.
    """
    state = stripe.invoice(invoice_id=invoice_id)
    if state is None:
        return GONE
    pushed = _pushed(state)
    if pushed is not None:
        return _follow(pushed, state, now=now)
    ours = Invoice.objects.filter(pk=state.invoice).first() if state.invoice else None
    account = account_of(state.customer_id)
    account_id = ours.account_id if ours else account.id if account else None
    if account_id is None or (ours is None and not state.subscription_id):
        return NOT_OURS
    if state.subscription_id and ours is None:
        sync_subscription(state.subscription_id, stripe=stripe, now=now)
    is_paid = state.status == "paid" and state.paid.minor > 0
    outcome = f"it is {state.status}"
    if is_paid:
        receive(account_id=account_id, state=state, now=now)
        outcome = f"received {state.paid.amount} {state.paid.currency}"
    drift = drifting.of_money(state.id, state.paid, is_taken=is_paid)
    return Done(outcome, account_id, state.status, drift=drift)


def _pushed(state: InvoiceState) -> Intent | None:
    """Return our row of an invoice that we brought to Stripe."""
    rows = Intent.objects.filter(purpose=Purpose.PUSHED)
    row = rows.filter(stripe_id=state.id).first()
    return row or (rows.filter(pk=state.reference).first() if state.reference else None)


def _follow(pushed: Intent, state: InvoiceState, *, now: datetime) -> Done:
    """Take over what became of it; that we withdrew it says nothing new."""
    settled = settle_push(intent_id=pushed.id, state=state, now=now)
    if pushed.status != IntentStatus.CANCELED:
        follow_intent(intent_id=pushed.id, now=now)
    is_paid = state.status == "paid"
    drift = drifting.of_money(state.id, state.paid, is_taken=is_paid)
    outcome = f"the invoice is {settled.status}"
    return Done(outcome, pushed.account_id, state.status, drift=drift or _differs(settled, state))


def _differs(pushed: Intent, state: InvoiceState) -> str:
    """Say where it asks for something else, or in vain."""
    asked = Money(pushed.amount_minor, pushed.currency)
    if state.status == "open" and state.due != asked:
        return f"{asked.amount} {asked.currency} were asked for"
    if pushed.failure == WITHOUT_MONEY:
        return "paid there without money that came through Stripe: record the payment here"
    if state.status == "open" and pushed.invoice.status not in OPEN:
        return f"ours is {pushed.invoice.status}"
    return ""


@service
def receive(*, account_id: UUID, state: InvoiceState, now: datetime) -> None:
    """Receive what the invoice took, once: on ours, else on what is open, else as credit."""
    account = Account.objects.lock(account_id, even_closed=True)
    receipt = take_in(
        account,
        Source(stripe_id=state.id, intent_id=state.intent_id),
        amount=Money(state.paid.minor, state.paid.currency),
        invoice_id=state.invoice,
        at=account.frozen_time or now,
        now=now,
    )
    if receipt.invoice_id is not None:
        paid = Invoice.objects.filter(pk=receipt.invoice_id, stripe_invoice_id="")
        paid.update(stripe_invoice_id=state.id)
